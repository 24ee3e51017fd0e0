//! All tasks in one network: what each unit takes part in, lesions by cluster, composed rules.

use ndarray::Axis;

use super::{
    super::{Claim, Figure, Mode, Outline, Run, Step, Study, Target, list},
    loss,
};
use crate::error::{Error, Result};

const STUDY: &str = "all";
const VARIANCE: &str = "variance";
const LESIONS: &str = "lesions";
/// The go and anti tasks.
const FAMILY: [&str; 6] = ["fdgo", "reactgo", "delaygo", "fdanti", "reactanti", "delayanti"];

/// A rule made of those of other tasks.
struct Composed {
    name: &'static str,
    task: &'static str,
    rules: &'static str,
    words: &'static str,
    target: Target,
}

/// Thresholds are ours; the paper says which composed rules work and which do not.
static COMPOSED: [Composed; 3] = [
    Composed {
        name: "composed-delayanti",
        task: "delayanti",
        rules: r#"{"fdanti":1,"delaygo":1,"fdgo":-1}"#,
        words: "Dly Anti under the rule Anti + Dly Go - Go",
        target: Target::AtLeast(0.8),
    },
    Composed {
        name: "composed-contextdelaydm1",
        task: "contextdelaydm1",
        rules: r#"{"contextdelaydm2":1,"contextdm1":1,"contextdm2":-1}"#,
        words: "Ctx Dly DM 1 under the rule Ctx Dly DM 2 + Ctx DM 1 - Ctx DM 2",
        target: Target::AtLeast(0.8),
    },
    Composed {
        name: "composed-dms",
        task: "dmsgo",
        rules: r#"{"dmcgo":1,"dmsnogo":1,"dmcnogo":-1}"#,
        words: "DMS under the rule DMC + DNMS - DNMC, which is not to work",
        target: Target::AtMost(0.7),
    },
];

/// Pairs of tasks whose variances are compared.
const PAIRS: [(&str, &str, &str); 4] = [
    ("fraction-contexts", "contextdm1", "contextdm2"),
    ("fraction-anti-dm", "fdanti", "dm1"),
    ("fraction-dm-context", "dm1", "contextdm1"),
    ("fraction-delay-dm", "delaydm1", "dm1"),
];

pub fn outline(mode: Mode) -> Outline {
    let study = match mode {
        Mode::Full => Study::new(STUDY, "yang2019/all", "256 units learn 20 tasks, one task per batch").takes(36_000),
        Mode::Quick => Study::new(STUDY, "yang2019/all", "128 units learn six tasks: go and anti")
            .set("model.units", 128)
            .set("task.tasks", list(FAMILY.map(|task| format!("yang2019/{task}"))))
            .set("task.criterion.min_of_tasks.threshold", 0.95)
            .set("train.updates", 6000)
            .pretrained("yang2019-go-anti"),
    };
    let variance = Step::new(VARIANCE, &study, "analyze task-variance", "");
    let trials = mode.pick(10, 40);
    let words = format!("--lesion-groups {{results}}/{VARIANCE}/task-variance.json --trials {trials} --controls 0");
    let lesions = Step::new(LESIONS, &study, "analyze interventions", &words);
    let figures = figures(&variance, &lesions);
    let mut steps = vec![variance, lesions];
    let mut claims = of_tasks(mode);
    claims.extend(of_clusters(mode));
    if mode == Mode::Full {
        steps.extend(PAIRS.map(|(name, first, second)| {
            let words = format!("--pair yang2019/{first},yang2019/{second}");
            Step::new(name, &study, "analyze task-variance", &words)
        }));
        claims.extend(of_pairs());
    }
    for composed in COMPOSED.iter().filter(|of| mode == Mode::Full || FAMILY.contains(&of.task)) {
        let set =
            format!(r#"--set tasks=[{{"id":"yang2019/{}","rules":{}}}] --trials 200"#, composed.task, composed.rules);
        steps.push(Step::new(composed.name, &study, "eval", &set));
        claims.push(of_composed(composed));
    }
    Outline { studies: vec![study], steps, claims, figures, ..Outline::default() }
}

fn figures(variance: &Step, lesions: &Step) -> Vec<Figure> {
    vec![
        Figure::new(
            "Task variance",
            variance,
            "task-variance",
            "Task variance and its clusters",
            "Each unit's variance across stimuli in each task, divided by its largest: units of a cluster take part in \
             the same tasks.",
        ),
        Figure::new(
            "Task variance",
            lesions,
            "interventions",
            "Lesions by cluster",
            "Performance over all tasks without the units of each cluster.",
        ),
    ]
}

fn of_tasks(mode: Mode) -> Vec<Claim> {
    let threshold = mode.pick(0.95, 0.9);
    let worst = Claim::published(
        "performance in the worst task, fresh trials",
        "networks with 90 % in every task are analysed",
    );
    let worst = match mode {
        Mode::Full => worst,
        Mode::Quick => {
            Claim::criterion("performance in the worst of six tasks, fresh trials", "all are learned (95 %)")
        }
    };
    let mut claims = vec![worst.is(Target::AtLeast(threshold)).of_each(STUDY, worst_task)];
    claims.push(
        Claim::criterion(
            "part of the seeds whose training ends by its criterion",
            "every task reaches it in a validation",
        )
        .is(Target::Exactly(1.0))
        .of_trainings(STUDY),
    );
    if mode == Mode::Full {
        claims.push(
            Claim::published("millions of trials until then", "about 3 million trials")
                .is(Target::AtMost(3.0))
                .of_each(STUDY, |run| Ok(run.updates()? * 64.0 / 1e6)),
        );
    }
    claims.push(
        Claim::criterion("minutes of training", "told; other work on the machine counts").of_each(STUDY, Run::minutes),
    );
    claims
}

fn of_clusters(mode: Mode) -> Vec<Claim> {
    let number = Claim::criterion("clusters of units by task variance", "about 15 with 20 tasks");
    let number = match mode {
        Mode::Full => number.is(Target::Between(8.0, 20.0)),
        Mode::Quick => number,
    };
    vec![
        number.of_each(STUDY, |run| run.number(VARIANCE, "/k")),
        Claim::criterion("their silhouette", "told: the best of all numbers of clusters")
            .of_each(STUDY, |run| run.number(VARIANCE, "/silhouette")),
        Claim::criterion(
            "share of the clusters whose lesion costs more in the task that they prefer than in the mean over all tasks",
            "a lesion of a cluster hits the tasks that it takes part in",
        )
        .is(Target::AtLeast(0.8))
        .of_each(STUDY, share_of_specific_lesions),
    ]
}

fn of_pairs() -> Vec<Claim> {
    let p = |step: &'static str, part: &str, quantity: &str, source: &str| {
        let pointer = format!("/fractional_variance/{part}/p");
        Claim::criterion(quantity, source)
            .is(Target::AtMost(0.05))
            .of_each(STUDY, move |run| run.number(step, &pointer))
    };
    let share = |step: &'static str, part: &str, quantity: &str, source: &str, target| {
        let pointer = format!("/fractional_variance/{part}/share");
        Claim::criterion(quantity, source).is(target).of_each(STUDY, move |run| run.number(step, &pointer))
    };
    let [(contexts, ..), (anti, ..), (same, ..), (delay, ..)] = PAIRS;
    let one_sided = move |run: &Run| -> Result<f64> {
        let of = |part: &str| run.number(delay, &format!("/fractional_variance/{part}/share"));
        Ok(of("only_first")? - of("only_second")?)
    };
    vec![
        p(contexts, "only_first", "units of Ctx DM 1 against Ctx DM 2: p", "fractional task variance has three modes"),
        p(contexts, "only_second", "units of Ctx DM 2 against Ctx DM 1: p", "fractional task variance has three modes"),
        share(contexts, "both", "share of units of both", "three modes, one at 0", Target::AtLeast(0.1)),
        p(anti, "only_first", "units of Anti against DM 1: p", "two modes, at the ends"),
        p(anti, "only_second", "units of DM 1 against Anti: p", "two modes, at the ends"),
        share(same, "both", "share of units of DM 1 and Ctx DM 1 alike", "one mode, at 0", Target::AtLeast(0.5)),
        Claim::criterion("units of Dly DM 1 alone less those of DM 1 alone, share", "one mode and a tail to one side")
            .is(Target::Above(0.0))
            .of_each(STUDY, one_sided),
    ]
}

fn of_composed(composed: &'static Composed) -> Claim {
    Claim::criterion(format!("performance in {}", composed.words), "rules are composed by sums and differences")
        .is(composed.target)
        .of_each(STUDY, |run| run.number(composed.name, "/performance"))
}

/// The least performance among the tasks of the intact network.
fn worst_task(run: &Run) -> Result<f64> {
    let json = run.json(LESIONS)?;
    let tasks = json["rows"][0]["per_task"].as_object();
    let worst = tasks.into_iter().flat_map(|tasks| tasks.values()).filter_map(|of| of.as_f64()).reduce(f64::min);
    worst.ok_or_else(|| Error::file(run.place(LESIONS), "has no performance of tasks"))
}

/// Of the clusters, the share whose lesion costs more in the task in which their units vary most than on average.
fn share_of_specific_lesions(run: &Run) -> Result<f64> {
    let (json, centroids) = (run.json(VARIANCE)?, run.array(VARIANCE, "centroids")?);
    let tasks: Vec<&str> = json["tasks"].as_array().into_iter().flatten().filter_map(|task| task.as_str()).collect();
    let mut specific = 0;
    for (place, centroid) in centroids.axis_iter(Axis(0)).enumerate() {
        let cluster = format!("cluster{}", place + 1);
        let losses = tasks.iter().map(|task| loss(run, LESIONS, &cluster, task)).collect::<Result<Vec<f64>>>()?;
        let preferred = centroid.iter().zip(&losses).max_by(|a, b| a.0.total_cmp(b.0));
        let mean = losses.iter().sum::<f64>() / losses.len() as f64;
        specific += usize::from(preferred.is_some_and(|(_, loss)| *loss > mean));
    }
    Ok(specific as f64 / centroids.len_of(Axis(0)) as f64)
}
