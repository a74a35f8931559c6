//! JSON that a parser has found to be sound, cut into its values: nothing is checked or decoded once more.

use memchr::memchr2;

/// What stands in an object or a list, piece by piece.
#[derive(Debug)]
pub(crate) struct Pieces<'a> {
    json: &'a str,
    at: usize,
}

impl<'a> Pieces<'a> {
    /// Begins behind the opening bracket with which the JSON begins.
    pub(crate) fn inside(json: &'a str) -> Self {
        Self { json, at: 1 }
    }

    /// Goes into the list that comes next: what follows are its values, and then none. False where
    /// something else comes.
    pub(crate) fn enter_list(&mut self) -> bool {
        let is_list = self.peek() == Some(b'[');
        self.at += usize::from(is_list);
        is_list
    }

    /// The first byte of the next piece.
    fn peek(&mut self) -> Option<u8> {
        let rest = self.json.as_bytes().get(self.at..)?;
        let is_between = |byte: &&u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | b',' | b':');
        let between = rest.iter().take_while(is_between).count();
        self.at += between;
        rest.get(between).copied()
    }
}

impl<'a> Iterator for Pieces<'a> {
    type Item = &'a str;

    /// The next name of a member, or the next value. None at a closing bracket, behind which it stands
    /// then.
    fn next(&mut self) -> Option<&'a str> {
        let first = self.peek()?;
        let (start, bytes) = (self.at, self.json.as_bytes());
        self.at = match first {
            b']' | b'}' => {
                self.at += 1;
                return None;
            }
            b'"' => behind_text(bytes, start + 1),
            b'[' | b'{' => behind_brackets(bytes, start),
            _ => behind_word(bytes, start),
        };
        self.json.get(start..self.at)
    }
}

/// The end of a text, from behind its opening quote.
fn behind_text(bytes: &[u8], mut at: usize) -> usize {
    while let Some(rest) = bytes.get(at..)
        && let Some(found) = memchr2(b'"', b'\\', rest)
    {
        if rest[found] == b'"' {
            return at + found + 1;
        }
        at += found + 2;
    }
    bytes.len()
}

/// The end of an object or a list, from its opening bracket.
fn behind_brackets(bytes: &[u8], mut at: usize) -> usize {
    let mut depth = 0_usize;
    while let Some(byte) = bytes.get(at) {
        at += 1;
        match byte {
            b'"' => at = behind_text(bytes, at),
            b'[' | b'{' => depth += 1,
            b']' | b'}' if depth <= 1 => break,
            b']' | b'}' => depth -= 1,
            _ => {}
        }
    }
    at
}

/// The end of a number, `true`, `false` or `null`.
fn behind_word(bytes: &[u8], at: usize) -> usize {
    let is_in_word =
        |byte: &&u8| !matches!(byte, b',' | b']' | b'}' | b' ' | b'\t' | b'\n' | b'\r');
    at + bytes[at..].iter().take_while(is_in_word).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_piece_is_found() {
        let json = r#"{"a" : [ "x, ]\"", 1.50,{"b":["}"]} ,[[2] , "]"],true ] , "c\\":null,"d":[],"e": {} }"#;
        let mut pieces = Pieces::inside(json);
        assert_eq!(pieces.next(), Some("\"a\""));
        assert!(pieces.enter_list());
        let values: Vec<_> = pieces.by_ref().collect();
        let expected = [
            r#""x, ]\"""#,
            "1.50",
            r#"{"b":["}"]}"#,
            r#"[[2] , "]"]"#,
            "true",
        ];
        assert_eq!(values, expected);
        assert_eq!(pieces.next(), Some(r#""c\\""#));
        assert!(!pieces.enter_list());
        assert_eq!(pieces.next(), Some("null"));
        assert_eq!(pieces.next(), Some("\"d\""));
        assert!(pieces.enter_list());
        assert_eq!(pieces.next(), None);
        assert_eq!(pieces.next(), Some("\"e\""));
        assert_eq!(pieces.next(), Some("{}"));
        assert_eq!(pieces.next(), None);
        assert_eq!(pieces.next(), None);
    }
}
