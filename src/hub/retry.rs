//! A server that cannot answer now is left alone for a while and asked again.
//!
//! ```text
//! Retry-After: SECONDS | Sun, 06 Nov 1994 08:49:37 GMT      RFC 9110, section 10.2.3
//! RateLimit: "api";r=0;t=SECONDS                            the hub's own, where the former is missing
//! ```

use std::{
    thread,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use ureq::http::{HeaderMap, StatusCode, header};

use crate::progress::note;

/// How often a server is asked.
pub(super) const ATTEMPTS: u32 = 3;
/// Before the second attempt; twice as long before each further one.
const WAIT: Duration = Duration::from_millis(250);
/// All that one question waits.
const LONGEST: Duration = Duration::from_secs(60);
/// A wait that a user should know of.
const LONG: Duration = Duration::from_secs(5);

/// Whether the server may answer another time.
pub(super) fn is_busy(status: StatusCode) -> bool {
    status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS
}

/// The attempts so far and the waits between them.
#[derive(Default)]
pub(super) struct Waits {
    attempts: u32,
    waited: Duration,
}

impl Waits {
    /// Waits before the next attempt, as long as the server asks for.
    ///
    /// # Errors
    /// The remedy, once there is no next attempt.
    pub fn pause(&mut self, headers: &HeaderMap, why: &str) -> Result<(), String> {
        let wait = self.next(asked_wait(headers, SystemTime::now()))?;
        if wait >= LONG {
            note(&format!("{why}; asking again in {} s, as it wants", wait.as_secs()));
        }
        thread::sleep(wait);
        Ok(())
    }

    fn next(&mut self, asked: Option<Duration>) -> Result<Duration, String> {
        self.attempts += 1;
        let wait = asked.unwrap_or(WAIT * 2_u32.saturating_pow(self.attempts - 1));
        if self.attempts < ATTEMPTS && self.waited.saturating_add(wait) <= LONGEST {
            self.waited += wait;
            return Ok(wait);
        }
        Err(match asked {
            Some(asked) => format!("run the same again after {} s, as it asks", asked.as_secs()),
            None => "run the same again later".into(),
        })
    }
}

/// How long the server asks to be left alone.
fn asked_wait(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    let retry_after = text(header::RETRY_AFTER.as_str()).and_then(|text| match text.parse().ok() {
        Some(seconds) => Some(Duration::from_secs(seconds)),
        None => Some(date(text)?.duration_since(now).unwrap_or_default()),
    });
    let until_reset = || {
        let seconds = text("ratelimit")?.split(';').find_map(|part| part.trim().strip_prefix("t="))?;
        seconds.parse().ok().map(Duration::from_secs)
    };
    retry_after.or_else(until_reset)
}

/// A date in the form that HTTP prefers.
fn date(text: &str) -> Option<SystemTime> {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let words: Vec<&str> = text.split_once(", ")?.1.strip_suffix(" GMT")?.split([' ', ':']).collect();
    let [day, month, year, hour, minute, second] = words.try_into().ok()?;
    let month = MONTHS.iter().position(|name| *name == month)? as u64 + 1;
    let [day, year, hour, minute, second] = [day, year, hour, minute, second].map(|word| word.parse::<u64>().ok());
    let (day, year, hour, minute, second) = (day?, year?, hour?, minute?, second?);
    let is_date = (1..=31).contains(&day) && (1970..=9999).contains(&year);
    if !is_date || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    // Years that begin in March have their leap day at the end.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1;
    // 1 March of the year 0 is 719,468 days before 1970.
    let seconds = (days.checked_sub(719_468)?) * 86_400 + hour * 3600 + minute * 60 + second;
    UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: &'static str, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name.parse().unwrap(), value.parse().unwrap())])
    }

    /// The example of RFC 9110, section 5.6.7; 784,111,777 s by `date -d`.
    #[test]
    fn dates_are_seconds_since_1970() {
        let seconds = |text| date(text).map(|date| date.duration_since(UNIX_EPOCH).unwrap().as_secs());
        assert_eq!(seconds("Sun, 06 Nov 1994 08:49:37 GMT"), Some(784_111_777));
        assert_eq!(seconds("Thu, 01 Jan 1970 00:00:00 GMT"), Some(0));
        assert_eq!(seconds("Thu, 29 Feb 2024 23:59:59 GMT"), Some(1_709_251_199));
        for other in ["", "soon", "Sun, 06 Nov 1994 08:49:37", "Sun, 99 Nov 1994 08:49:37 GMT", "Sun, 06 Nov GMT"] {
            assert_eq!(seconds(other), None, "{other}");
        }
    }

    #[test]
    fn the_wait_is_the_one_that_the_server_asks_for() {
        let now = UNIX_EPOCH + Duration::from_secs(784_111_770);
        let asked = |name, value: &str| asked_wait(&headers(name, value), now).map(|wait| wait.as_secs());
        assert_eq!(asked("retry-after", "120"), Some(120));
        assert_eq!(asked("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT"), Some(7));
        assert_eq!(asked("retry-after", "Sun, 06 Nov 1994 08:00:00 GMT"), Some(0), "that time is past");
        assert_eq!(asked("ratelimit", "\"api\";r=0;t=55"), Some(55));
        assert_eq!(asked("retry-after", "-1"), None);
        assert_eq!(asked("etag", "7"), None);
    }

    #[test]
    fn attempts_and_waits_have_an_end() {
        let mut waits = Waits::default();
        assert_eq!([waits.next(None), waits.next(None)], [Ok(WAIT), Ok(2 * WAIT)]);
        assert_eq!(waits.next(None), Err("run the same again later".into()));
        let seconds = |seconds| Some(Duration::from_secs(seconds));
        let mut waits = Waits::default();
        assert_eq!(waits.next(seconds(40)), Ok(Duration::from_secs(40)));
        assert_eq!(waits.next(seconds(21)), Err("run the same again after 21 s, as it asks".into()));
        assert!(Waits::default().next(seconds(3600)).is_err());
        assert!(Waits::default().next(seconds(u64::MAX)).is_err());
    }
}
