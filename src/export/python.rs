//! Python source for NumPy and PyTorch: what differs from network to network.
//!
//! Names come from files and stand in the source as string literals only, never as code.

use nn4n_models::Activation;

/// The library whose functions are called.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Library {
    Numpy,
    Torch,
}

impl Library {
    fn name(self) -> &'static str {
        match self {
            Self::Numpy => "np",
            Self::Torch => "torch",
        }
    }

    /// `f(x)` as an expression; `x` is one, too.
    fn apply(self, activation: Activation, x: &str) -> String {
        let library = self.name();
        let positive = |x: &str| match self {
            Self::Numpy => format!("np.maximum({x}, 0)"),
            Self::Torch => format!("torch.relu({x})"),
        };
        match activation {
            Activation::Linear => x.into(),
            Activation::Relu => positive(x),
            Activation::LeakyRelu(slope) => format!("{library}.where({x} > 0, {x}, {slope:?} * {x})"),
            Activation::Tanh => format!("{library}.tanh({x})"),
            // 1 / (1 + exp(-x)) without an overflow.
            Activation::Sigmoid => format!("0.5 + 0.5 * {library}.tanh(0.5 * {x})"),
            Activation::Retanh => positive(&format!("{library}.tanh({x})")),
            Activation::Softplus => format!("{library}.logaddexp({x}, {library}.zeros_like({x}))"),
            Activation::Power(n) => format!("{} ** {n:?}", positive(x)),
        }
    }

    /// The body of a function that returns the rates of states `x` (trials, units): lines with their indentation.
    pub fn activation(self, per_unit: &[Activation], indent: &str) -> String {
        let mut groups: Vec<(Activation, Vec<usize>)> = Vec::new();
        for (unit, activation) in per_unit.iter().enumerate() {
            match groups.iter_mut().find(|(known, _)| known == activation) {
                Some((_, units)) => units.push(unit),
                None => groups.push((*activation, vec![unit])),
            }
        }
        if let [(activation, _)] = groups.as_slice() {
            return format!("{indent}return {}", self.apply(*activation, "x"));
        }
        let mut lines = vec![format!("{indent}r = {}.empty_like(x)", self.name())];
        for (activation, units) in &groups {
            let part = format!("[:, {}]", index(units));
            lines.push(format!("{indent}r{part} = {}", self.apply(*activation, &format!("x{part}"))));
        }
        lines.push(format!("{indent}return r"));
        lines.join("\n")
    }
}

/// Units as an index: a slice if they follow one another.
fn index(units: &[usize]) -> String {
    match units {
        [first, .., last] if last - first + 1 == units.len() => format!("{first}:{}", last + 1),
        _ => format!("{units:?}"),
    }
}

/// A list of strings as a Python literal. A JSON string is one, whatever characters it holds.
pub(super) fn strings<'s>(names: impl IntoIterator<Item = &'s String>) -> String {
    let literals: Vec<String> = names.into_iter().map(|name| string(name)).collect();
    format!("[{}]", literals.join(", "))
}

/// A string as a Python literal.
pub(super) fn string(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Puts texts in place of the `{{NAME}}` of a template.
pub(super) fn fill(template: &str, texts: &[(&str, String)]) -> String {
    let mut filled = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{")
        && let Some((name, after)) = after.split_once("}}")
    {
        filled.push_str(before);
        match texts.iter().find(|(known, _)| *known == name) {
            Some((_, text)) => filled.push_str(text),
            None => filled.extend(["{{", name, "}}"]),
        }
        rest = after;
    }
    filled + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_of_one_function_are_addressed_together() {
        use Activation::{Power, Relu, Tanh};
        let body = |units: &[Activation]| Library::Numpy.activation(units, "");
        assert_eq!(body(&[Relu, Relu]), "return np.maximum(x, 0)");
        let lines = "r = np.empty_like(x)\nr[:, 0:2] = np.tanh(x[:, 0:2])\nr[:, [2]] = np.maximum(x[:, [2]], 0) ** \
            2.0\nreturn r";
        assert_eq!(body(&[Tanh, Tanh, Power(2.0)]), lines);
        assert!(body(&[Tanh, Relu, Tanh]).contains("r[:, [0, 2]] = np.tanh(x[:, [0, 2]])"));
    }

    #[test]
    fn a_name_cannot_leave_its_literal() {
        let name = String::from("\"]; import os #\n\\\"\"\"");
        assert_eq!(strings([&name]), r#"["\"]; import os #\n\\\"\"\""]"#);
    }

    #[test]
    fn only_known_names_are_replaced_and_only_once() {
        let texts = [("A", "{{B}}".to_string()), ("B", "b".to_string())];
        assert_eq!(fill("1 {{A}} 2 {{B}} {{C}} {x}", &texts), "1 {{B}} 2 b {{C}} {x}");
    }
}
