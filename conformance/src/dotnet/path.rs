//! `JsonException.Path`: the frames of the reading stack at the time of the exception.

/// One frame: an object, a list or a dictionary that is being read.
#[derive(Debug)]
pub(super) enum Frame {
    /// An object, with the name of the property that is being read.
    Object(Option<String>),
    /// A list, with the number of its items so far; none before it begins.
    List(Option<usize>),
    /// A dictionary, with its last key, which stays after its value.
    Map(Option<String>),
}

/// The path of frames.
pub(super) fn of(frames: &[Frame]) -> String {
    let mut path = "$".to_owned();
    for frame in frames {
        match frame {
            Frame::Object(Some(name)) | Frame::Map(Some(name)) => push(&mut path, name),
            Frame::List(Some(count)) => path.push_str(&format!("[{count}]")),
            Frame::Object(None) | Frame::Map(None) | Frame::List(None) => {}
        }
    }
    path
}

fn push(path: &mut String, name: &str) {
    if name.contains(is_special) {
        path.push_str(&format!("['{name}']"));
    } else {
        path.push('.');
        path.push_str(name);
    }
}

fn is_special(c: char) -> bool {
    matches!(
        c,
        '.' | ' '
            | '\''
            | '/'
            | '"'
            | '['
            | ']'
            | '('
            | ')'
            | '\t'
            | '\n'
            | '\r'
            | '\u{c}'
            | '\u{8}'
            | '\\'
            | '\u{85}'
            | '\u{2028}'
            | '\u{2029}'
    )
}
