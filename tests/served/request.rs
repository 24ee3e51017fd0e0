//! What a client asks.

use std::{
    io::{BufRead, BufReader},
    net::TcpStream,
};

/// A request without a body.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    pub method: String,
    /// Without the query, as it was sent.
    pub path: String,
    /// Where the range that is asked for begins.
    pub first_byte: Option<usize>,
    /// Who asks.
    pub token: Option<String>,
    /// Whether it reached the port of the contents.
    pub is_elsewhere: bool,
}

impl Request {
    /// `None` if the client went away.
    pub fn read(stream: &TcpStream) -> Option<Self> {
        let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
        let line = lines.next()?;
        let mut words = line.split(' ');
        let (method, target) = (words.next()?.to_string(), words.next()?);
        let path = target.split('?').next()?.to_string();
        let mut request = Self { method, path, first_byte: None, token: None, is_elsewhere: false };
        for line in lines.take_while(|line| !line.is_empty()) {
            let (name, value) = line.split_once(": ")?;
            match name.to_lowercase().as_str() {
                "range" => request.first_byte = value.strip_prefix("bytes=")?.split('-').next()?.parse().ok(),
                "authorization" => request.token = value.strip_prefix("Bearer ").map(String::from),
                _ => {}
            }
        }
        Some(request)
    }

    /// Whether it asks for the content of a large file.
    pub fn is_for_content(&self) -> bool {
        self.path.starts_with("/cdn/")
    }
}
