//! What users of other libraries write in a run.toml, and the word that is meant: what a field that does not exist or a
//! value that does not fit is probably to say.

use nn4n_models::{LayerConfig, MatrixConfig, ModelConfig};
use nn4n_tasks::reader::{Misfit, Problem, read};
use serde::de::DeserializeOwned;

use super::{
    run_toml::Document,
    train_config::{StopConfig, TrainConfig, ValidationConfig},
};
use crate::error::Error;

/// Names that other libraries have for what is meant, and what to write here. Separated by spaces; without case.
type Words = &'static [(&'static str, &'static str)];

const TOP: Words = &[
    ("network net rnn architecture", "the network is described in [model]"),
    ("training trainer optim optimizer hyperparameters", "training is described in [train]"),
    ("env environment dataset data", "trials are described in [task]"),
    ("random_seed rng_seed", "write `seed`"),
    ("name run_name out output out_dir save_path", "the directory of a run is named by --out"),
    (DEVICE, "a device is named by --device"),
];

const DEVICE: &str = "device cuda gpu";

const TASK: Words = &[("name task type kind", "a task is named by `id`, as in id = \"song2016/rdm_varstim\"")];

const MODEL: Words = &[
    (
        "alpha leak leak_rate",
        "the leak of a step is alpha = dt / tau: set `tau` here and, in [task], `dt` (`tau` = `dt` / alpha)",
    ),
    ("hidden_size hidden_dim hidden_units hidden n_hidden nhid num_units n_units n_rnn n n_rec size", "write `units`"),
    (
        "nonlinearity act act_fn activation_function activation_fn hidden_activation transfer_function phi f",
        "write `activation`",
    ),
    (
        "noise noise_std sigma noise_scale rec_noise recurrent_noise hidden_noise sigma_rec_noise",
        "the noise of the units is `sigma_rec`, that of the inputs `sigma_in` of most tasks, in [task]",
    ),
    ("var_rec", "write `sigma_rec`, the root of it"),
    ("sigma_in var_in input_noise tau_in", "noise of the inputs is the task's; most tasks have `sigma_in`, in [task]"),
    (
        "bias use_bias biases train_bias train_brec train_bout",
        "write b_rec = { trained = 0.0 } for the units, b_out = { trained = 0.0 } for the outputs",
    ),
    ("num_layers n_layers depth", "a network of layers is kind = \"stacked\" with one table `layers` for each"),
    ("dropout", "units are not dropped; noise is `sigma_rec`"),
    (
        "ei_ratio exc_ratio exc_frac excitatory_ratio exc_fraction frac_exc p_exc e_prop ei_positive dale_ratio \
        excitatory",
        "write `excitatory_fraction`, with kind = \"ei\"",
    ),
    (
        "sparsity sparseness p_rec p0 connection_prob connection_probability p_connect connectivity",
        "write `density`, the fraction of synapses that exist",
    ),
    (
        "mask masks rec_mask ei_mask conn_mask",
        "which synapses exist is said by `density`, or by a matrix, as in w_rec = { connectivity = [[0, 1], [1, 0]] }",
    ),
    (
        "h0 x0 r0 initial_state init_state train_h0 train_x0 learn_h0 init_hidden",
        "the state in which a trial starts is `start`, as in start = { trained = 0.1 }",
    ),
    ("input_size input_dim n_input n_inputs n_in nin in_features", "it is the task's; leave it out"),
    ("output_size output_dim n_output n_outputs n_out nout out_features num_classes", "it is the task's; leave it out"),
    ("time_constant time_const time_constants tau_rec tau_ms tau_x taus", "write `tau`, in ms"),
    ("train_tau learnable_tau trainable_tau", "write learn_tau = \"shared\" or \"per_unit\""),
    ("cell rnn_type cell_type type model model_type", "write `kind`"),
    ("batch_first bidirectional", "there is no such choice; leave it out"),
    (
        "init initializer rec_init w_rec_init weight_init",
        "weights are drawn as `init` of their matrix says, as in w_rec \
        = { init = { normal = 1.0 } }",
    ),
    ("rho radius", "write w_rec = { spectral_radius = X }"),
    ("g gain", "write w_rec = { init = { normal = X } }, of which X is the gain"),
    (DEVICE, "a device is named by --device"),
];

const MATRIX: Words = &[
    ("mask masks", "write `connectivity`, or `density` of the network"),
    (
        "trainable train requires_grad learnable",
        "write freeze = [\"w_rec\"] in [train], or `plastic` for single synapses",
    ),
    ("rho radius", "write `spectral_radius`"),
    ("gain g std scale distribution dist normal uniform gamma", "write `init`, as in init = { normal = 1.0 }"),
    ("density sparsity p", "`density` is a field of [model]"),
];

const TRAIN: Words = &[
    (
        "epochs n_epochs num_epochs max_epochs iterations iters n_iter n_iters num_iter num_iters num_iterations \
        max_iter max_iters max_samples steps n_steps num_steps max_steps training_iters training_steps n_updates",
        "trials are drawn anew for every update, so that training has no passes over data; write `updates`, the \
        number of batches",
    ),
    ("lr learning_rate_init step_size", "write `learning_rate`"),
    ("batch batchsize n_batch bs batch_size_train n_trials num_trials trials minibatch", "write `batch_size`"),
    (
        "gradient_clip grad_clip clip clip_grad clip_grad_norm clip_gradient gradient_clipping gradient_clip_val \
        max_grad_norm max_gradient_norm grad_norm",
        "write `clip_norm`",
    ),
    (
        "gradient_checkpointing grad_checkpointing activation_checkpointing checkpointing grad_checkpoint \
        use_checkpoint checkpoint_every rematerialize rematerialise rematerialization rematerialisation",
        "write remat = true",
    ),
    ("weight_decay", "write optimizer = { kind = \"adamw\", weight_decay = X }, or the penalty `l2_weights`"),
    ("momentum", "write optimizer = { kind = \"sgd\", momentum = X }"),
    (
        "betas beta1 beta2 eps epsilon",
        "it is a setting of the optimizer, as in optimizer = { kind = \"adam\", beta1 = \
        0.9 }",
    ),
    (
        "l1 l2 l1_weight l2_weight l1_weights l2_weights lambda_l1 lambda_l2 l2_reg l1_reg reg regularization \
        regularizers weight_penalty",
        "write regularisers = [{ kind = \"l2_weights\", matrix = \"w_rec\", weight = X }]",
    ),
    (
        "l1_rate l2_rate l1_rates l2_rates l1_activity l2_activity l2_h l1_h l2_firing_rate lambda_r rate_cost \
        activity_penalty",
        "write regularisers = [{ kind = \"l2_rates\", weight = X }]",
    ),
    ("early_stopping patience", "write stop = { patience = N }"),
    (
        "criterion threshold target_performance performance_cutoff loss_cutoff target_perf",
        "write stop = { criterion = { mean_performance = { threshold = X, window = N } } }",
    ),
    (
        "eval_every val_every validate_every display_step save_every check_every validation_every eval_interval \
        val_interval",
        "write validation = { every = N }",
    ),
    ("scheduler lr_scheduler lr_schedule", "write `schedule`"),
    ("loss_fn loss_function objective", "write `loss`"),
    ("trainable frozen fixed", "name what stays as it is in `freeze`"),
    ("seed random_seed", "write `seed` at the top of the file"),
    (DEVICE, "a device is named by --device"),
    ("num_workers n_jobs threads", "the threads are those of the machine; leave it out"),
];

const OPTIMIZER: Words = &[
    ("lr learning_rate", "write `learning_rate` in [train]"),
    ("betas", "write `beta1` and `beta2`"),
    ("eps", "write `epsilon`"),
    ("name type", "write `kind`"),
    ("params", "name what stays as it is in `freeze`"),
];

const VALIDATION: Words = &[
    ("trials n_trials batch_size size", "write `trials_per_condition`"),
    ("interval frequency updates", "write `every`"),
];

/// Values that other libraries have for what is meant, by field.
const VALUES: &[(&str, Words)] = &[
    (
        "model.kind",
        &[
            ("rnn ctrnn vanilla_rnn leaky_rnn leakyrnn rate_rnn", "write \"vanilla\""),
            ("eirnn ei_rnn dale e/i", "write \"ei\""),
            ("multi_layer deep layers", "write \"stacked\""),
            ("lstm gru transformer", "units are those of continuous-time networks; \"vanilla\" is the plainest one"),
        ],
    ),
    (
        "model.dale",
        &[
            ("false none off no 0", "a network without Dale's law is kind = \"vanilla\"; leave `dale` out"),
            ("true on yes 1", "a network under Dale's law is kind = \"ei\"; leave `dale` out"),
        ],
    ),
    (
        "model.learn_tau",
        &[
            ("true yes on 1", "write \"shared\", one time constant for all, or \"per_unit\""),
            ("false no none 0", "write \"off\""),
        ],
    ),
    ("model.b_rec", BIAS),
    ("model.b_out", BIAS),
    (
        "model.start",
        &[
            ("false none 0 0.0 zeros", "write \"zero\""),
            ("true trainable learned trained", "write { trained = 0.1 }, of which 0.1 is where training begins"),
        ],
    ),
    ("model.readout", &[("none identity false off", "write \"linear\""), ("true", "say which")]),
    ("model.form", &[("voltage x activation membrane", "write \"current\""), ("r firing_rate", "write \"rate\"")]),
    (
        "model.density",
        &[("sparse", "write the fraction of synapses that exist, as in 0.1"), ("dense full", "write 1.0")],
    ),
    (
        "init",
        &[
            ("gaussian randn random normal_", "write { normal = 1.0 }, of which 1.0 is the gain"),
            ("xavier glorot kaiming he lecun", "write { normal = 1.0 }: the gain is over the root of the fan-in"),
            ("zeros", "write \"zero\""),
            ("identity eye", "write { diagonal = 1.0 }"),
            ("orthogonal_ ortho", "write { orthogonal = 1.0 }"),
            ("constant ones", "write { array = [[..]] } with these weights"),
        ],
    ),
    (
        "signs",
        &[
            ("positive nonnegative non-negative abs", "write \"excitatory\""),
            ("dale", "write \"units\""),
            ("none any false off", "write \"free\""),
        ],
    ),
    (
        "train.loss",
        &[
            ("mse l2 mse_loss squared_error", "write \"masked_mse\", or \"mean_square\" for the mean over all"),
            ("ce bce nll crossentropy cross_entropy_loss crossentropyloss", "write \"cross_entropy\""),
        ],
    ),
    ("train.optimizer.kind", &[("rmsprop adagrad adadelta lbfgs nadam", "the nearest is \"adam\"")]),
    ("train.clip_norm", OFF),
    ("train.clip_value", OFF),
    ("train.adapt_conditions", TABLE),
    ("train.synaptic_intelligence", TABLE),
    (
        "train.stop.criterion",
        &[(
            "performance accuracy acc",
            "write { mean_performance = { threshold = 0.9, window = 5 } }, the mean of the last 5 validations (of all, \
            while there are fewer)",
        )],
    ),
];

const BIAS: Words = &[
    ("true yes on trainable learned", "write { trained = 0.0 }"),
    ("false no none 0", "write \"off\""),
    ("trained", "write { trained = 0.0 }, of which 0.0 is where training begins"),
];
const OFF: Words = &[("false none no 0", "write \"off\"")];
const TABLE: Words = &[("true yes on", "write {}, which takes the defaults"), ("false no off none", "leave it out")];

/// What does not fit into a run.toml, as an error with a remedy.
pub(super) fn explained(misfit: Misfit) -> Error {
    let field = if misfit.field.is_empty() { "run.toml" } else { &misfit.field };
    let message = match (&misfit.problem, remedy(&misfit)) {
        (Problem::UnknownField { name, .. }, Some(remedy)) => format!("unknown field `{name}`; {remedy}"),
        (Problem::Value { rule, value: Some(value), .. }, Some(remedy)) => format!("{rule}, but is {value}; {remedy}"),
        (_, Some(remedy)) => format!("{}; {remedy}", misfit.words()),
        (_, None) => misfit.words(),
    };
    Error::setting(field, message)
}

fn remedy(misfit: &Misfit) -> Option<String> {
    // `areas[1].units` is a field like `areas[0].units`.
    let field: String = misfit.field.split(']').map(|part| part.split('[').next().unwrap_or_default()).collect();
    match &misfit.problem {
        Problem::UnknownField { name, .. } => {
            let known = |words: Words| said(words, name).map(String::from);
            // A slip of the pen is corrected by the reader, and a field of another table has its place.
            known(words_of(&field)).or_else(|| if misfit.meant().is_none() { place_of(name) } else { None })
        }
        Problem::MissingField { name } => match (field.as_str(), name.as_str()) {
            ("", "task") => Some("name what to train on, as in [task] with id = \"song2016/rdm_varstim\"".into()),
            ("task", "id") => Some("name the task, as in id = \"song2016/rdm_varstim\"; see `nn4n tasks list`".into()),
            _ => Some(format!("add `{name} = ..`")),
        },
        Problem::Value { rule, value: Some(value), .. } => {
            let of_field = |(name, _): &&(&str, Words)| field == *name || field.ends_with(&format!(".{name}"));
            let words = VALUES.iter().find(of_field).map(|(_, words)| *words);
            let found = words.and_then(|words| said(words, value.trim_matches('"'))).map(String::from);
            found.or_else(|| rewritten(&field, rule, value))
        }
        _ => None,
    }
}

/// The same value as it is to be written.
fn rewritten(field: &str, rule: &str, value: &str) -> Option<String> {
    let is_number = |text: &str| text.parse::<f64>().is_ok();
    let inner = value.trim_matches('"');
    match (field, rule) {
        ("model.start" | "model.b_rec" | "model.b_out", _) if is_number(value) => {
            Some(format!("write {{ trained = {value} }}, or {{ constant = {value} }} if it is not to be trained"))
        }
        ("task", _) if inner != value => Some(format!("write [task] with id = {value}")),
        ("model", _) if inner != value => Some(format!("write [model] with kind = {value}")),
        (_, "must be a list") if inner != value || is_number(value) => Some(format!("write [{value}]")),
        _ if rule.contains(" number") && inner != value && is_number(inner) => Some(format!("write {inner}")),
        _ => None,
    }
}

/// The words for the fields of a table.
fn words_of(table: &str) -> Words {
    match table {
        "" => TOP,
        "task" => TASK,
        "train" => TRAIN,
        "train.optimizer" => OPTIMIZER,
        "train.validation" => VALIDATION,
        _ if table.ends_with(".w_in") || table.ends_with(".w_rec") || table.ends_with(".w_out") => MATRIX,
        _ if table.starts_with("model") => MODEL,
        _ => &[],
    }
}

fn said(words: Words, name: &str) -> Option<&'static str> {
    let name = name.to_lowercase().replace('-', "_");
    words.iter().find(|(names, _)| names.split_whitespace().any(|known| known == name)).map(|(_, said)| *said)
}

/// Tells the names of the fields of a table.
type Fields = fn() -> Vec<String>;

/// The table whose field this is.
fn place_of(name: &str) -> Option<String> {
    let tables: [(&str, Fields); 7] = [
        ("stands at the top of the file", fields::<Document>),
        ("belongs into [model]", fields::<ModelConfig>),
        ("belongs into [train]", fields::<TrainConfig>),
        ("belongs to a matrix, as in w_rec = { .. } of [model]", fields::<MatrixConfig>),
        ("belongs to `stop`, in [train]", fields::<StopConfig>),
        ("belongs to `validation`, in [train]", fields::<ValidationConfig>),
        ("belongs to a layer of [model]", fields::<LayerConfig>),
    ];
    let (place, _) = tables.into_iter().find(|(_, fields)| fields().iter().any(|field| field == name))?;
    Some(format!("it {place}"))
}

/// The names of the fields of a struct, which its reader says when it is asked for one that is not there.
fn fields<T: DeserializeOwned>() -> Vec<String> {
    match read::<T>(&serde_json::json!({ "": 0 })).err().map(|misfit| misfit.problem) {
        Some(Problem::UnknownField { known, .. }) => known,
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::Experiment;

    fn refusal(lines: &str) -> String {
        let text = format!("{lines}\n[task]\nid = \"song2016/rdm_varstim\"");
        Experiment::from_toml(&text).map_or_else(|error| error.to_string(), |_| String::new())
    }

    fn in_model(line: &str) -> String {
        refusal(&format!("[model]\nunits = 8\n{line}"))
    }

    fn in_train(line: &str) -> String {
        refusal(&format!("[train]\n{line}\n[model]\nunits = 8"))
    }

    #[test]
    fn the_words_of_other_libraries_are_answered_with_the_word_that_is_meant() {
        let cases = [
            (
                in_model("dale = false"),
                "model.dale: must be one of `rectified`, `clamped`, but is false; a network \
                without Dale's law is kind = \"vanilla\"; leave `dale` out",
            ),
            (
                in_model("learn_tau = true"),
                "model.learn_tau: must be one of `off`, `shared`, `per_unit`, but is true; \
                write \"shared\", one time constant for all, or \"per_unit\"",
            ),
            (
                in_model("alpha = 0.2"),
                "model: unknown field `alpha`; the leak of a step is alpha = dt / tau: set `tau` \
                here and, in [task], `dt` (`tau` = `dt` / alpha)",
            ),
            (in_model("hidden_size = 64"), "model: unknown field `hidden_size`; write `units`"),
            (
                in_train("epochs = 5"),
                "train: unknown field `epochs`; trials are drawn anew for every update, so that \
                training has no passes over data; write `updates`, the number of batches",
            ),
            (in_train("lr = 0.1"), "train: unknown field `lr`; write `learning_rate`"),
            (
                in_train("loss = \"mse\""),
                "train.loss: must be one of `masked_mse`, `mean_square`, `cross_entropy`, but \
                is \"mse\"; write \"masked_mse\", or \"mean_square\" for the mean over all",
            ),
            (
                in_model("start = 0.1"),
                "model.start: must be one of `zero`, `constant`, `trained`, `carried`, but is \
                0.1; write { trained = 0.1 }, or { constant = 0.1 } if it is not to be trained",
            ),
            (
                in_model("b_rec = true"),
                "model.b_rec: must be one of `off`, `constant`, `trained`, but is true; write { \
                trained = 0.0 }",
            ),
            (
                in_model("spectral_radius = 1.2"),
                "model: unknown field `spectral_radius`; it belongs to a matrix, as in \
                w_rec = { .. } of [model]",
            ),
            (refusal("learning_rate = 0.1"), "run.toml: unknown field `learning_rate`; it belongs into [train]"),
            (refusal("[network]\nunits = 8"), "run.toml: unknown field `network`; the network is described in [model]"),
            (
                in_model("kind = \"EI\""),
                "model.kind: must be one of `vanilla`, `ei`, `multi_area`, `stacked`, but is \
                \"EI\"; did you mean `ei`?",
            ),
            (
                in_model("kind = \"lstm\""),
                "model.kind: must be one of `vanilla`, `ei`, `multi_area`, `stacked`, but is \
                \"lstm\"; units are those of continuous-time networks; \"vanilla\" is the plainest one",
            ),
            (
                in_model("w_rec = { init = { uniform = 1.0, normal = 2.0 } }"),
                "model.w_rec.init: must be one of `zero`, \
                `uniform`, `normal`, `uniform_range`, `gamma`, `diagonal`, `diagonal_normal`, `orthogonal`, `array`, but \
                is { normal = 2.0, uniform = 1.0 }",
            ),
            (
                in_model("w_rec = { init = \"uniform\" }"),
                "model.w_rec.init: must be a table with a value for \
                `uniform`, as in { uniform = .. }, but is \"uniform\"",
            ),
            (
                in_train("optimizer = \"adam\""),
                "train.optimizer: must be an optimizer, as in { kind = \"adam\" }, but \
                is \"adam\"",
            ),
            (
                in_train("clip_norm = false"),
                "train.clip_norm: must be a number or \"off\", but is false; write \"off\"",
            ),
            (
                in_train("validation = 100"),
                "train.validation: must be a table with `every`, `trials_per_condition`, `keep`, but is 100",
            ),
            (refusal("seed = -1"), "seed: must be a whole number, 0 or more, but is -1"),
            (refusal("model = \"ei\""), "model: must be a table, but is \"ei\"; write [model] with kind = \"ei\""),
            (in_train("learning_rate = \"0.1\""), "train.learning_rate: must be a number, but is \"0.1\"; write 0.1"),
            (in_train("freeze = \"w_rec\""), "train.freeze: must be a list, but is \"w_rec\"; write [\"w_rec\"]"),
            (
                in_train("stop = { criterion = \"performance\" }"),
                "train.stop.criterion: must be one of \
                `mean_performance`, `min_performance`, `mean_of_tasks`, `min_of_tasks`, `rms_error`, but is \
                \"performance\"; write { mean_performance = { threshold = 0.9, window = 5 } }, the mean of the \
                last 5 validations (of all, while there are fewer)",
            ),
        ];
        for (found, wanted) in cases {
            assert_eq!(found, wanted);
        }
        let missing = Experiment::from_toml("seed = 1").unwrap_err().to_string();
        assert_eq!(
            missing,
            "run.toml: missing field `task`; name what to train on, as in [task] with id = \"song2016/rdm_varstim\""
        );
    }

    #[test]
    fn no_refusal_speaks_of_the_language_that_reads_it() {
        let values = ["true", "-1", "1.5", "\"x\"", "[]", "[[true]]", "{}", "{ a = 1 }", "{ a = 1, b = 2 }", "nan"];
        let models = fields::<ModelConfig>().into_iter().map(|field| (field, in_model as fn(&str) -> String));
        let trains = fields::<TrainConfig>().into_iter().map(|field| (field, in_train as fn(&str) -> String));
        let mut refused = 0;
        for (field, refusal) in models.chain(trains).filter(|(field, _)| field != "units") {
            for value in values {
                let message = refusal(&format!("{field} = {value}"));
                for word in [
                    "variant",
                    "struct",
                    "enum",
                    "f64",
                    "usize",
                    "u64",
                    "i64",
                    "invalid",
                    "wanted",
                    "Some(",
                    "sequence",
                    "unit value",
                    "map",
                    "{}:",
                ] {
                    assert!(!message.contains(word), "{field} = {value}: {message}");
                }
                assert!(message.is_empty() || message.contains(field.as_str()), "{field} = {value}: {message}");
                refused += usize::from(!message.is_empty());
            }
        }
        assert!(refused > 300, "{refused}");
    }

    #[test]
    fn no_word_is_one_that_exists() {
        let tables: [(Words, Vec<String>); 6] = [
            (TOP, fields::<Document>()),
            (MODEL, fields::<ModelConfig>()),
            (MODEL, fields::<LayerConfig>()),
            (MATRIX, fields::<MatrixConfig>()),
            (TRAIN, fields::<TrainConfig>()),
            (VALIDATION, fields::<ValidationConfig>()),
        ];
        for (words, fields) in tables {
            assert!(!fields.is_empty());
            let names = words.iter().flat_map(|(names, _)| names.split_whitespace());
            for name in names {
                assert!(!fields.iter().any(|field| field == name), "`{name}` is a field");
            }
        }
    }
}
