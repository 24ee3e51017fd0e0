//! The expressions of a declared task, read once and evaluated for every trial.
//!
//! ```text
//! 0.5  1e-3  pi  true  false        numbers; true is 1 and false is 0
//! coherence                         a variable or a definition
//! 'choice_1'                        a word: an output, or one of the words of a variable
//! a or b   a and b   not a          everything but 0 is true
//! == != < <= > >=                 give 1 or 0; words can only be equal or not
//! + - * /  -a  a ^ b                as usual; ^ binds most tightly and from the right, so -a^2 = -(a^2)
//! if(c, a, b)                       a if c is true, else b
//! abs sqrt exp log sin cos sign floor (a)      min max mod (a, b)
//! ```
//!
//! `mod(a, b)` has the sign of `b`, so that an angle modulo `2 * pi` is not negative; `sign(0)` is 0.

/// What an expression may name.
pub(crate) trait Names {
    /// What a name stands for.
    fn variable(&self, name: &str) -> Option<(Expression, Kind)>;
    /// The number that stands for a word.
    fn word(&self, word: &str) -> Option<usize>;
    /// All names of variables, for messages.
    fn known(&self) -> Vec<String>;
}

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Number,
    Word,
}

/// Why a text is no expression: what is wrong, and at which character (from 1).
#[derive(Debug, PartialEq)]
pub(crate) struct Fault {
    pub(crate) column: usize,
    pub(crate) problem: String,
}

/// An expression whose names are known.
#[derive(Clone, Debug)]
pub(crate) enum Expression {
    Constant(f64),
    Variable(usize),
    Unary(Unary, Box<Self>),
    Binary(Binary, Box<[Self; 2]>),
    If(Box<[Self; 3]>),
}

pub(super) type Unary = fn(f64) -> f64;
pub(super) type Binary = fn(f64, f64) -> f64;

pub(super) const UNARY: [(&str, Unary); 8] = [
    ("abs", f64::abs),
    ("sqrt", f64::sqrt),
    ("exp", f64::exp),
    ("log", f64::ln),
    ("sin", f64::sin),
    ("cos", f64::cos),
    ("sign", |a| if a == 0.0 { 0.0 } else { a.signum() }),
    ("floor", f64::floor),
];
pub(super) const BINARY: [(&str, Binary); 3] =
    [("min", f64::min), ("max", f64::max), ("mod", |a, b| a - b * (a / b).floor())];
// The longer ones first.
pub(super) const COMPARISONS: [(&str, Binary); 6] = [
    ("==", |a, b| truth(a == b)),
    ("!=", |a, b| truth(a != b)),
    ("<=", |a, b| truth(a <= b)),
    (">=", |a, b| truth(a >= b)),
    ("<", |a, b| truth(a < b)),
    (">", |a, b| truth(a > b)),
];

pub(super) fn truth(holds: bool) -> f64 {
    f64::from(u8::from(holds))
}

impl Expression {
    /// The value with these variables.
    pub(crate) fn value(&self, variables: &[f64]) -> f64 {
        match self {
            Self::Constant(value) => *value,
            // Every place was looked up; NaN is refused wherever a value is used.
            Self::Variable(place) => variables.get(*place).copied().unwrap_or(f64::NAN),
            Self::Unary(function, of) => function(of.value(variables)),
            Self::Binary(function, of) => function(of[0].value(variables), of[1].value(variables)),
            Self::If(parts) => parts[if parts[0].value(variables) == 0.0 { 2 } else { 1 }].value(variables),
        }
    }

    /// Whether the value depends on the variable at this place.
    pub(crate) fn uses(&self, place: usize) -> bool {
        match self {
            Self::Constant(_) => false,
            Self::Variable(own) => *own == place,
            Self::Unary(_, of) => of.uses(place),
            Self::Binary(_, of) => of.iter().any(|part| part.uses(place)),
            Self::If(parts) => parts.iter().any(|part| part.uses(place)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::parser::parse;
    use super::*;

    /// `a` = 3, `b` = 0.5, `match` = true; the words are red and green.
    struct Known;

    impl Names for Known {
        fn variable(&self, name: &str) -> Option<(Expression, Kind)> {
            let place = ["a", "b", "match", "colour"].iter().position(|known| *known == name)?;
            Some((Expression::Variable(place), if name == "colour" { Kind::Word } else { Kind::Number }))
        }

        fn word(&self, word: &str) -> Option<usize> {
            ["red", "green"].iter().position(|known| *known == word)
        }

        fn known(&self) -> Vec<String> {
            ["a", "b", "match", "colour"].map(String::from).into()
        }
    }

    fn value(text: &str) -> f64 {
        parse(text, &Known).unwrap().0.value(&[3.0, 0.5, 1.0, 1.0])
    }

    fn fault(text: &str) -> (usize, String) {
        let fault = parse(text, &Known).unwrap_err();
        (fault.column, fault.problem)
    }

    #[test]
    fn expressions_have_the_value_that_mathematics_gives_them() {
        for (text, expected) in [
            ("1 + 2 * a", 7.0),
            ("(1 + 2) * a", 9.0),
            ("10 - 4 - 3", 3.0),
            ("-a^2", -9.0),
            ("2^3^2", 512.0),
            ("2^-1", 0.5),
            ("1.5e-1", 0.15),
            ("if(a > 2 and not (b > 1), 10, 20)", 10.0),
            ("a >= 3 or 1 / 0 > 0", 1.0),
            ("min(a, b) + max(a, b)", 3.5),
            ("mod(-0.5, 2)", 1.5),
            ("cos(pi) + sign(-a) + abs(-b)", -1.5),
            ("colour == 'green'", 1.0),
            ("if(colour != 'green', 1, match)", 1.0),
            ("sqrt(floor(a + 1.9))", 2.0),
        ] {
            assert_eq!(value(text), expected, "{text}");
        }
    }

    #[test]
    fn a_fault_names_its_column_and_what_would_be_right() {
        for (text, column, word) in [
            ("", 1, "missing"),
            ("1 + coherense", 5, "known are: a, b"),
            ("(1 + a", 7, "`)` is missing"),
            ("1 2", 3, "not expected"),
            ("tan(a)", 1, "no function"),
            ("min(a)", 1, "takes 2 values, not 1"),
            ("'blue' == colour", 1, "'blue'"),
            ("1 + colour", 11, "word"),
            ("if(a, 1, 'red')", 16, "both"),
            ("1.2.3", 1, "no number"),
            ("a = 1", 3, "`=`"),
        ] {
            let (found, problem) = fault(text);
            assert!(found == column && problem.contains(word), "{text}: {found}: {problem}");
        }
    }

    #[test]
    fn nothing_is_too_deep_or_too_long_for_the_stack() {
        for text in ["(".repeat(1999), "-".repeat(1999), "1^".repeat(999), "min(".repeat(400), "a+".repeat(5000)] {
            assert!(parse(&text, &Known).is_err());
        }
        assert_eq!(value(&format!("0{}", "+1".repeat(999))), 999.0);
    }
}
