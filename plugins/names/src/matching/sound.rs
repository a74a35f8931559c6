//! The sound of a romanised word: spellings that only differ by the way of transliteration become one.
//!
//! `kh h`, `zh j`, `sh sch x`, `ch ts cz c`, `w v`, `y i`, `ou oo u` and the like fall together, and a
//! letter counts once in a row. What stays apart (`g h`, `s z`, vowels) is left to the costs of
//! [`super::distance`]. The rules are those in which the usual systems differ: ICAO Doc 9303, BGN/PCGN,
//! the Ukrainian tables of 1996, 2007 and 2010, GOST R 52535.1, French, German and Polish spelling.

/// The longest sound of a word; what follows is cut off.
pub(super) const SOUND_LETTERS_MAX: usize = 64;

/// Adds the sound of a word in small letters.
///
/// Latin letters stay letters; letters of scripts that are not romanised become bytes above 127.
pub(super) fn push_sound(word: &str, sounds: &mut Vec<u8>) {
    let start = sounds.len();
    let mut bytes = word.as_bytes();
    while !bytes.is_empty() && sounds.len() - start < SOUND_LETTERS_MAX {
        let (taken, sound) = next_sound(bytes, bytes.len() == word.len());
        match sound {
            Some(sound) => sound.iter().for_each(|&byte| push(byte, start, sounds)),
            None => push(bytes[0], start, sounds),
        }
        bytes = &bytes[taken..];
    }
    sounds.truncate(start + SOUND_LETTERS_MAX);
}

/// Adds a letter unless it repeats the one before; digits may repeat.
fn push(byte: u8, start: usize, sounds: &mut Vec<u8>) {
    let repeats = sounds.len() > start && sounds.last() == Some(&byte);
    if !repeats || byte.is_ascii_digit() {
        sounds.push(byte);
    }
}

/// How many bytes the next sound takes, and its letters: none for the byte itself.
fn next_sound(bytes: &[u8], initial: bool) -> (usize, Option<&'static [u8]>) {
    let (taken, sound): (usize, &'static [u8]) = match bytes {
        [b's', b'h', b'c', b'h', ..] => (4, b"xc"),
        [b't', b's', b'c', b'h', ..] => (4, b"c"),
        [b's', b'c', b'h', ..] => (3, b"x"),
        [b't', b'c', b'h', ..] => (3, b"c"),
        [b'd', b'z', b'h', ..] => (3, b"j"),
        [b'k', b'h', ..] => (2, b"h"),
        [b'z', b'h', ..] | [b'd', b'j', ..] => (2, b"j"),
        [b's', b'h', ..] => (2, b"x"),
        [b'c', b'h' | b'z', ..] | [b't', b's' | b'z', ..] => (2, b"c"),
        [b'p', b'h', ..] => (2, b"f"),
        [b't', b'h', ..] => (2, b"t"),
        [b'd', b'h', ..] => (2, b"d"),
        [b'g', b'h', ..] => (2, b"g"),
        [b'c', b'k', ..] | [b'q', b'u', ..] => (2, b"k"),
        [b'o', b'u' | b'o', ..] => (2, b"u"),
        [b'e', b'e', ..] => (2, b"i"),
        [b'q', ..] => (1, b"k"),
        [b'w', ..] => (1, b"v"),
        [b'y', ..] => (1, b"i"),
        [b'x', ..] if !initial => (1, b"ks"),
        _ => return (1, None),
    };
    (taken, Some(sound))
}

/// Whether a letter of a sound is a vowel.
pub(super) const fn is_vowel(byte: u8) -> bool {
    matches!(byte, b'a' | b'e' | b'i' | b'o' | b'u')
}

/// Adds the consonants of a sound. A first `u` is the consonant that Arabic writes by the same letter.
pub(super) fn push_consonants(sound: &[u8], consonants: &mut Vec<u8>) {
    if sound.first() == Some(&b'u') {
        consonants.push(b'v');
    }
    consonants.extend(sound.iter().filter(|&&byte| !is_vowel(byte)));
}

/// The feminine and masculine endings of Slavic surnames, as sounds.
const GENDERS: &[(&[u8], &[u8])] = &[
    (b"aia", b"i"),
    (b"aia", b"ii"),
    (b"ska", b"ski"),
    (b"cka", b"cki"),
    (b"ova", b"ov"),
    (b"eva", b"ev"),
    (b"iva", b"iv"),
    (b"ina", b"in"),
    (b"skaia", b"ski"),
];

/// Whether two sounds are a surname in its feminine and its masculine form (Petrenko has one form,
/// Petrova and Petrov, Zelenska and Zelenskyi two).
pub(super) fn differ_by_gender(a: &[u8], b: &[u8]) -> bool {
    let stem =
        |sound: &'_ [u8], ending: &[u8]| sound.len() > ending.len() && sound.ends_with(ending);
    GENDERS.iter().any(|&(feminine, masculine)| {
        [(a, b), (b, a)].into_iter().any(|(she, he)| {
            stem(she, feminine)
                && stem(he, masculine)
                && she[..she.len() - feminine.len()] == he[..he.len() - masculine.len()]
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sound(word: &str) -> String {
        let mut sounds = Vec::new();
        push_sound(word, &mut sounds);
        String::from_utf8_lossy(&sounds).into_owned()
    }

    #[test]
    fn spellings_of_one_name_sound_alike() {
        let same = [
            &["shcherbak", "shcherback"][..],
            &["zhukov", "zhoukov", "zhukow"],
            &["khoury", "houri", "khuri"],
            &["philippe", "filipe"],
            &["mahmood", "mahmoud", "makhmud"],
            &["tchernov", "chernov", "tschernow"],
            &["schmidt", "shmidt"],
        ];
        for spellings in same {
            for spelling in spellings {
                assert_eq!(sound(spelling), sound(spellings[0]), "{spelling}");
            }
        }
        assert_ne!(sound("novak"), sound("nowik"));
    }

    #[test]
    fn digits_repeat_and_letters_do_not() {
        assert_eq!(sound("2000"), "2000");
        assert_eq!(sound("aabb"), "ab");
        assert_eq!(sound(""), "");
        assert_eq!(sound(&"ab".repeat(100)).len(), SOUND_LETTERS_MAX);
    }

    #[test]
    fn surnames_differ_by_gender_only() {
        for (she, he) in [
            ("petrova", "petrov"),
            ("zelenska", "zelenskyi"),
            ("belskaya", "belskiy"),
            ("ilina", "ilin"),
        ] {
            let mut sounds = (Vec::new(), Vec::new());
            push_sound(she, &mut sounds.0);
            push_sound(he, &mut sounds.1);
            assert!(differ_by_gender(&sounds.0, &sounds.1), "{she} {he}");
        }
        assert!(!differ_by_gender(b"ova", b"ov"));
        assert!(!differ_by_gender(b"petrov", b"petrov"));
    }
}
