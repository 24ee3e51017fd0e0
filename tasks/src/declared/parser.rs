//! Reads the text of an [`Expression`].

use super::expression::{BINARY, Binary, COMPARISONS, Expression, Fault, Kind, Names, UNARY, Unary, truth};

/// Deeper than anyone writes, and shallow enough for the stack of any thread.
const MAX_DEPTH: usize = 32;
/// The number of characters; it also bounds how deep a chain of operators nests.
const MAX_LENGTH: usize = 2000;

type Read = Result<(Expression, Kind), Fault>;

/// The expression of a text, and what its values are.
pub(crate) fn parse(text: &str, names: &dyn Names) -> Read {
    let mut parser = Parser { text: text.chars().collect(), at: 0, depth: 0, names };
    if parser.text.len() > MAX_LENGTH {
        return Err(Fault { column: MAX_LENGTH, problem: format!("is longer than {MAX_LENGTH} characters") });
    }
    let read = parser.level(0)?;
    match parser.peek() {
        None => Ok(read),
        Some(other) => parser.fail(format!("`{other}` is not expected here")),
    }
}

struct Parser<'a> {
    text: Vec<char>,
    at: usize,
    depth: usize,
    names: &'a dyn Names,
}

impl Parser<'_> {
    fn fail<T>(&self, problem: String) -> Result<T, Fault> {
        Err(Fault { column: self.at + 1, problem })
    }

    fn peek(&mut self) -> Option<char> {
        while self.text.get(self.at).is_some_and(|c| c.is_whitespace()) {
            self.at += 1;
        }
        self.text.get(self.at).copied()
    }

    /// Steps over a symbol or a whole word if it comes next.
    fn take(&mut self, symbol: &str) -> bool {
        self.peek();
        let end = self.at + symbol.chars().count();
        let here = self.text.get(self.at..end).is_some_and(|next| next.iter().copied().eq(symbol.chars()));
        let is_name = symbol.starts_with(char::is_alphabetic);
        if here && !(is_name && self.text.get(end).is_some_and(|c| is_part_of_a_name(*c))) {
            self.at = end;
            return true;
        }
        false
    }

    fn require(&mut self, symbol: char) -> Result<(), Fault> {
        if self.take(symbol.encode_utf8(&mut [0; 4])) {
            return Ok(());
        }
        match self.peek() {
            Some(found) => self.fail(format!("`{symbol}` is expected here, not `{found}`")),
            None => self.fail(format!("`{symbol}` is missing at the end")),
        }
    }

    fn number(&self, (read, kind): (Expression, Kind)) -> Result<Expression, Fault> {
        match kind {
            Kind::Number => Ok(read),
            Kind::Word => {
                self.fail("a word stands before this where a number belongs; words can only be compared with ==".into())
            }
        }
    }

    fn binary(&self, function: Binary, left: (Expression, Kind), right: (Expression, Kind)) -> Read {
        Ok((Expression::Binary(function, Box::new([self.number(left)?, self.number(right)?])), Kind::Number))
    }

    /// Levels 0 to 4, from loose to tight: or, and, comparison, sum, product. Each may hold the next.
    fn level(&mut self, level: usize) -> Read {
        if level == 0 {
            self.depth += 1;
            if self.depth > MAX_DEPTH {
                return self.fail(format!("brackets are nested more than {MAX_DEPTH} deep"));
            }
        }
        if level > 4 {
            return self.unary();
        }
        const SYMBOLS: [&[(&str, Binary)]; 5] = [
            &[("or", |a, b| truth(a != 0.0 || b != 0.0))],
            &[("and", |a, b| truth(a != 0.0 && b != 0.0))],
            &COMPARISONS,
            &[("+", |a, b| a + b), ("-", |a, b| a - b)],
            &[("*", |a, b| a * b), ("/", |a, b| a / b)],
        ];
        let mut left = self.level(level + 1)?;
        while let Some((symbol, function)) = SYMBOLS[level].iter().copied().find(|(symbol, _)| self.take(symbol)) {
            let right = self.level(level + 1)?;
            let equality = ["==", "!="].contains(&symbol);
            left = if equality && left.1 == Kind::Word && right.1 == Kind::Word {
                (Expression::Binary(function, Box::new([left.0, right.0])), Kind::Number)
            } else {
                self.binary(function, left, right)?
            };
        }
        if level == 0 {
            self.depth -= 1;
        }
        Ok(left)
    }

    fn unary(&mut self) -> Read {
        let function: Option<Unary> = if self.take("-") {
            Some(|a| -a)
        } else if self.take("not") {
            Some(|a| truth(a == 0.0))
        } else {
            None
        };
        let Some(function) = function else { return self.power() };
        self.deeper(|parser| {
            let of = parser.unary()?;
            Ok((Expression::Unary(function, Box::new(parser.number(of)?)), Kind::Number))
        })
    }

    fn power(&mut self) -> Read {
        let base = self.primary()?;
        if !self.take("^") {
            return Ok(base);
        }
        let exponent = self.deeper(Self::unary)?;
        self.binary(f64::powf, base, exponent)
    }

    fn deeper(&mut self, read: impl FnOnce(&mut Self) -> Read) -> Read {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return self.fail(format!("signs and powers are nested more than {MAX_DEPTH} deep"));
        }
        let read = read(self)?;
        self.depth -= 1;
        Ok(read)
    }

    fn primary(&mut self) -> Read {
        match self.peek() {
            Some('(') => {
                self.at += 1;
                let inner = self.level(0)?;
                self.require(')')?;
                Ok(inner)
            }
            Some('\'') => self.word(),
            Some(c) if c.is_ascii_digit() || c == '.' => self.literal(),
            Some(c) if is_part_of_a_name(c) => self.named(),
            Some(other) => self.fail(format!("`{other}` is not expected here")),
            None => self.fail("the expression ends where a value is missing".into()),
        }
    }

    /// The characters from here on that satisfy a rule.
    fn run(&mut self, mut rule: impl FnMut(char) -> bool) -> String {
        let text: String = self.text.iter().skip(self.at).take_while(|c| rule(**c)).collect();
        self.at += text.chars().count();
        text
    }

    fn word(&mut self) -> Read {
        let start = self.at;
        self.at += 1;
        let word = self.run(|c| c != '\'');
        self.require('\'')?;
        match self.names.word(&word) {
            Some(number) => Ok((Expression::Constant(number as f64), Kind::Word)),
            None => Err(Fault {
                column: start + 1,
                problem: format!("'{word}' is neither an output nor a word of a variable"),
            }),
        }
    }

    fn literal(&mut self) -> Read {
        let start = self.at;
        let mut previous = ' ';
        let text = self.run(|c| {
            let exponent = matches!(previous, 'e' | 'E') && matches!(c, '+' | '-');
            previous = c;
            exponent || c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E')
        });
        match text.parse::<f64>() {
            Ok(value) if value.is_finite() => Ok((Expression::Constant(value), Kind::Number)),
            _ => Err(Fault { column: start + 1, problem: format!("`{text}` is no number") }),
        }
    }

    fn named(&mut self) -> Read {
        let start = self.at;
        let name = self.run(is_part_of_a_name);
        if self.peek() == Some('(') {
            return self.call(&name, start);
        }
        if let Some(known) = self.names.variable(&name) {
            return Ok(known);
        }
        match name.as_str() {
            "pi" => Ok((Expression::Constant(std::f64::consts::PI), Kind::Number)),
            "true" => Ok((Expression::Constant(1.0), Kind::Number)),
            "false" => Ok((Expression::Constant(0.0), Kind::Number)),
            _ => {
                let known = self.names.known().join(", ");
                let known = if known.is_empty() {
                    "no variables can be used here".into()
                } else {
                    format!("known are: {known}")
                };
                Err(Fault { column: start + 1, problem: format!("`{name}` is unknown; {known}") })
            }
        }
    }

    fn call(&mut self, name: &str, start: usize) -> Read {
        self.require('(')?;
        let mut arguments = vec![self.level(0)?];
        while self.take(",") {
            arguments.push(self.level(0)?);
        }
        self.require(')')?;
        let unary = UNARY.iter().find(|(known, _)| *known == name).map(|(_, function)| *function);
        let binary = BINARY.iter().find(|(known, _)| *known == name).map(|(_, function)| *function);
        let given = arguments.len();
        let wanted = match (name, unary, binary) {
            ("if", ..) => 3,
            (_, _, Some(_)) => 2,
            (_, Some(_), _) => 1,
            _ => {
                let known = UNARY
                    .iter()
                    .map(|(name, _)| *name)
                    .chain(BINARY.iter().map(|(name, _)| *name))
                    .collect::<Vec<_>>()
                    .join(", ");
                return Err(Fault {
                    column: start + 1,
                    problem: format!("`{name}` is no function; the functions are if, {known}"),
                });
            }
        };
        let mut arguments = arguments.into_iter();
        match (unary, binary, arguments.next(), arguments.next(), arguments.next()) {
            (_, _, Some(condition), Some(yes), Some(no)) if wanted == 3 && given == 3 => {
                let kind = yes.1;
                if kind != no.1 {
                    return self.fail("both results of `if` must be numbers or both words".into());
                }
                Ok((Expression::If(Box::new([self.number(condition)?, yes.0, no.0])), kind))
            }
            (_, Some(function), Some(left), Some(right), None) => self.binary(function, left, right),
            (Some(function), _, Some(of), None, None) => {
                Ok((Expression::Unary(function, Box::new(self.number(of)?)), Kind::Number))
            }
            _ => Err(Fault { column: start + 1, problem: format!("`{name}` takes {wanted} values, not {given}") }),
        }
    }
}

pub(super) fn is_part_of_a_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}
