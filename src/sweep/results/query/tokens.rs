//! The words and signs of an expression.

use super::{
    Known,
    expression::{Comparison, Operand},
    refusal,
};
use crate::{echo::echo, error::Result};

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Operand(Operand),
    Compare(Comparison),
    And,
    Or,
    Not,
    Open,
    Close,
}

impl Token {
    /// As it is written.
    pub(super) fn words(&self) -> String {
        match self {
            Self::Operand(operand) => echo(&operand.name()).into_owned(),
            Self::Compare(comparison) => comparison.sign().into(),
            Self::And => "&&".into(),
            Self::Or => "||".into(),
            Self::Not => "!".into(),
            Self::Open => "(".into(),
            Self::Close => ")".into(),
        }
    }
}

pub(super) fn tokens(text: &str) -> Result<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let (token, length) = match first {
            '"' | '\'' | '`' => quoted(rest, first)?,
            '0'..='9' | '-' | '+' => number(rest)?,
            _ if is_of_name(first) => name(rest),
            _ => sign(rest)?,
        };
        tokens.push(token);
        rest = rest[length..].trim_start();
    }
    Ok(tokens)
}

/// Signs, the longer ones first.
const SIGNS: [(&str, Token); 11] = [
    ("==", Token::Compare(Comparison::Equal)),
    ("!=", Token::Compare(Comparison::NotEqual)),
    ("<=", Token::Compare(Comparison::AtMost)),
    (">=", Token::Compare(Comparison::AtLeast)),
    ("&&", Token::And),
    ("||", Token::Or),
    ("<", Token::Compare(Comparison::Less)),
    (">", Token::Compare(Comparison::Greater)),
    ("!", Token::Not),
    ("(", Token::Open),
    (")", Token::Close),
];

fn sign(rest: &str) -> Result<(Token, usize)> {
    if let Some((sign, token)) = SIGNS.iter().find(|(sign, _)| rest.starts_with(sign)) {
        return Ok((token.clone(), sign.len()));
    }
    let remedy = match rest.chars().next() {
        Some('=') => "write `==`",
        Some('&') => "write `&&`",
        Some('|') => "write `||`",
        _ => "it has names, numbers, texts in quotes, == != < <= > >= && || ! and parentheses",
    };
    let found: String = rest.chars().take(1).collect();
    Err(refusal(format!("`{found}` has no meaning there; {remedy}")))
}

fn is_of_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '.'
}

fn name(rest: &str) -> (Token, usize) {
    let length = rest.find(|c| !is_of_name(c)).unwrap_or(rest.len());
    let operand = match &rest[..length] {
        "true" => Operand::Literal(Known::Boolean(true)),
        "false" => Operand::Literal(Known::Boolean(false)),
        name => Operand::Name(name.into()),
    };
    (Token::Operand(operand), length)
}

fn number(rest: &str) -> Result<(Token, usize)> {
    let mut before = ' ';
    let is_end = |c: char| {
        let is_sign = matches!(c, '-' | '+') && matches!(before, ' ' | 'e' | 'E');
        before = c;
        !(is_sign || is_of_name(c))
    };
    let length = rest.find(is_end).unwrap_or(rest.len());
    match rest[..length].parse::<f64>() {
        Ok(number) if number.is_finite() => Ok((Token::Operand(Operand::Literal(Known::Number(number))), length)),
        _ => {
            let message =
                format!("`{}` is no number; write one as in 0.9 or 1e-3, a text in quotes", echo(&rest[..length]));
            Err(refusal(message))
        }
    }
}

/// A text, or a name in backticks.
fn quoted(rest: &str, quote: char) -> Result<(Token, usize)> {
    let Some(length) = rest[1..].find(quote) else {
        return Err(refusal(format!("a {quote} is not closed; add another")));
    };
    let inner = rest[1..=length].to_string();
    let operand = if quote == '`' { Operand::Name(inner) } else { Operand::Literal(Known::Text(inner)) };
    Ok((Token::Operand(operand), length + 2))
}
