//! From the words and signs of an expression to its parts.

use super::{
    expression::{Expression, Operand},
    refusal,
    tokens::{Token, tokens},
};
use crate::error::{Error, Result};

/// Parentheses and negations within one another, at most.
const DEEPEST: usize = 64;

/// Reads a whole expression.
pub(super) fn parse(text: &str) -> Result<Expression> {
    let mut parser = Parser { tokens: tokens(text)?, at: 0, depth: 0 };
    let whole = parser.either()?;
    match parser.next() {
        None => Ok(whole),
        Some(token) => Err(surplus(&token)),
    }
}

/// What stands after a whole expression.
fn surplus(token: &Token) -> Error {
    let remedy = match token {
        Token::Operand(Operand::Name(name)) if name.eq_ignore_ascii_case("and") => "write `&&`",
        Token::Operand(Operand::Name(name)) if name.eq_ignore_ascii_case("or") => "write `||`",
        Token::Compare(_) => "compare twice, as in `0.5 < performance && performance < 0.9`",
        Token::Close => "remove it, or open it with `(`",
        _ => "join comparisons by && or ||",
    };
    refusal(format!("`{}` stands after a whole comparison; {remedy}", token.words()))
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
}

impl Parser {
    fn next(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.at).cloned();
        self.at += 1;
        token
    }

    /// Goes past the next token if it is this one.
    fn takes(&mut self, token: &Token) -> bool {
        let is_it = self.tokens.get(self.at) == Some(token);
        self.at += usize::from(is_it);
        is_it
    }

    fn either(&mut self) -> Result<Expression> {
        let mut parts = vec![self.both()?];
        while self.takes(&Token::Or) {
            parts.push(self.both()?);
        }
        Ok(alone_or(parts, Expression::Any))
    }

    fn both(&mut self) -> Result<Expression> {
        let mut parts = vec![self.one()?];
        while self.takes(&Token::And) {
            parts.push(self.one()?);
        }
        Ok(alone_or(parts, Expression::All))
    }

    fn one(&mut self) -> Result<Expression> {
        if self.takes(&Token::Not) {
            return self.deeper(|parser| Ok(Expression::Not(Box::new(parser.one()?))));
        }
        if self.takes(&Token::Open) {
            return self.deeper(|parser| {
                let inner = parser.either()?;
                match parser.takes(&Token::Close) {
                    true => Ok(inner),
                    false => Err(parser
                        .next()
                        .map_or_else(|| refusal("a `(` is not closed; add `)`"), |token| surplus(&token))),
                }
            });
        }
        let left = self.operand()?;
        match self.tokens.get(self.at) {
            Some(Token::Compare(comparison)) => {
                let comparison = *comparison;
                self.at += 1;
                Ok(Expression::Compare(left, comparison, self.operand()?))
            }
            _ => Ok(Expression::Holds(left)),
        }
    }

    fn deeper(&mut self, parse: impl FnOnce(&mut Self) -> Result<Expression>) -> Result<Expression> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(refusal(format!("has more than {DEEPEST} `(` or `!` within one another; write it with fewer")));
        }
        let parsed = parse(self);
        self.depth -= 1;
        parsed
    }

    fn operand(&mut self) -> Result<Operand> {
        match self.next() {
            Some(Token::Operand(operand)) => Ok(operand),
            Some(token) => Err(refusal(format!(
                "`{}` stands where a name, a number or a text is needed; put one there",
                token.words()
            ))),
            None => Err(refusal("ends where a name, a number or a text is needed, as in `performance > 0.9`; add one")),
        }
    }
}

fn alone_or(mut parts: Vec<Expression>, join: impl FnOnce(Vec<Expression>) -> Expression) -> Expression {
    match parts.len() {
        1 => parts.remove(0),
        _ => join(parts),
    }
}
