//! Server-sent events, as the HTML standard describes their stream (section 9.2.6).

/// Longest unfinished message that is kept.
const MESSAGE_BYTES_MAX: usize = 8 * 1024 * 1024;

/// One message of a stream.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Message {
    /// Where a reader stands that has seen this message; `None` before the first `id`.
    pub(crate) id: Option<String>,
    /// Its data, lines joined by `\n`; `None` where it only moves the reader's position.
    pub(crate) data: Option<String>,
}

/// Cuts a stream of bytes into messages.
#[derive(Debug, Default)]
pub(crate) struct Parser {
    /// An unfinished line.
    line: Vec<u8>,
    message: Message,
}

/// A message never ends.
#[derive(Debug)]
pub(crate) struct TooLong;

impl Parser {
    /// Takes the next bytes and returns the messages that they finish.
    ///
    /// # Errors
    /// An unfinished message is longer than 8 MiB.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Result<Vec<Message>, TooLong> {
        let mut finished = Vec::new();
        for byte in bytes {
            if *byte != b'\n' {
                self.line.push(*byte);
                continue;
            }
            let line = std::mem::take(&mut self.line);
            let line = String::from_utf8_lossy(line.strip_suffix(b"\r").unwrap_or(&line)).into_owned();
            finished.extend(self.line(&line));
        }
        let kept = self.line.len() + self.message.data.as_ref().map_or(0, String::len);
        if kept > MESSAGE_BYTES_MAX { Err(TooLong) } else { Ok(finished) }
    }

    fn line(&mut self, line: &str) -> Option<Message> {
        if line.is_empty() {
            return Some(Message { id: self.message.id.clone(), data: self.message.data.take() });
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "id" => self.message.id = Some(value.to_owned()),
            "data" => match &mut self.message.data {
                Some(data) => {
                    data.push('\n');
                    data.push_str(value);
                }
                None => self.message.data = Some(value.to_owned()),
            },
            // Comments keep the connection alive; the type stands in the data as well.
            _ => {}
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_come_out_whole_wherever_the_stream_is_cut() {
        let stream = "retry: 1000\nid: 6\n\nid: 7\nevent: a.b\ndata: {\"x\":\"ü\"}\n\n:\n\nid:8\r\ndata:one\r\ndata\r\n\r\ndata: last";
        let message = |id: &str, data: Option<&str>| Message { id: Some(id.to_owned()), data: data.map(str::to_owned) };
        let expected =
            [message("6", None), message("7", Some("{\"x\":\"ü\"}")), message("7", None), message("8", Some("one\n"))];
        for size in [1, 2, 3, 7, 1000] {
            let mut parser = Parser::default();
            let messages: Vec<_> =
                stream.as_bytes().chunks(size).flat_map(|bytes| parser.push(bytes).expect("short")).collect();
            assert_eq!(messages, expected, "in pieces of {size}");
        }
    }

    #[test]
    fn a_message_without_end_is_given_up() {
        let mut parser = Parser::default();
        let line = [b"data: ".as_slice(), &[b'x'; 1024 * 1024], b"\n"].concat();
        assert!((0..10).any(|_| parser.push(&line).is_err()));
    }
}
