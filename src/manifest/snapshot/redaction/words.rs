//! Words and their pseudonyms.
//!
//! A name is words with `-`, `.` and `/` between them. These sort before every letter and digit, so that names sort as their lists of
//! words do, and pseudonyms that sort as the words do keep the order of the names.

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;

/// Words that mean something to Kubernetes or to rules about quorums, wherever they stand; in order.
const KEPT: [&str; 11] = ["be", "cluster", "critical", "default", "fe", "kube", "lease", "node", "public", "scheduler", "system"];

const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";

/// What stands between the words of a name.
pub(super) fn is_separator(letter: char) -> bool {
    matches!(letter, '-' | '.' | '/')
}

/// The pseudonym of each word, and of each uid.
#[derive(Debug, Clone, Default)]
pub(super) struct Words {
    words: FxHashMap<String, String>,
    uids: FxHashMap<String, String>,
}

impl Words {
    /// For these words and uids.
    pub fn new(words: BTreeSet<String>, uids: BTreeSet<String>) -> Self {
        let mut pseudonyms = FxHashMap::default();
        let mut gap = Vec::new();
        let mut low = "";
        let mut kept = KEPT.iter().copied().peekable();
        for word in words.iter().map(String::as_str) {
            while let Some(high) = kept.next_if(|&next| next <= word) {
                fill(low, Some(high), &mut gap, &mut pseudonyms);
                low = high;
            }
            if word != low {
                gap.push(word);
            }
        }
        fill(low, kept.next(), &mut gap, &mut pseudonyms);
        // as long as a uid is, and in the same order
        let uid = |(number, uid): (usize, String)| (uid, format!("00000000-0000-4000-8000-{number:012}"));
        Words { words: pseudonyms, uids: uids.into_iter().enumerate().map(uid).collect() }
    }

    /// The pseudonym of a word; a word that is kept, or was never seen, is its own.
    pub fn word<'a>(&'a self, word: &'a str) -> &'a str {
        self.words.get(word).map_or(word, String::as_str)
    }

    /// The pseudonym of a uid.
    pub fn uid(&self, text: &str) -> Option<&str> {
        self.uids.get(text).map(String::as_str)
    }
}

/// Gives pseudonyms to words that lie between two words that are kept.
fn fill(low: &str, high: Option<&str>, gap: &mut Vec<&str>, pseudonyms: &mut FxHashMap<String, String>) {
    if gap.is_empty() {
        return;
    }
    let prefix = between(low, high);
    let mut width = 1;
    while DIGITS.len().pow(width) < gap.len() {
        width += 1;
    }
    for (number, word) in gap.drain(..).enumerate() {
        let digit = |place: u32| char::from(DIGITS[number / DIGITS.len().pow(place) % DIGITS.len()]);
        let code: String = (0..width).rev().map(digit).collect();
        pseudonyms.insert(word.to_owned(), format!("{prefix}{code}"));
    }
}

/// The shortest text that, however it goes on, lies between two others.
fn between(low: &str, high: Option<&str>) -> String {
    for length in 0..=low.len() {
        let above = low.as_bytes().get(length);
        for &letter in DIGITS[10..].iter().filter(|&letter| above.is_none_or(|above| letter > above)) {
            let text = format!("{}{}", &low[..length], char::from(letter));
            if high.is_none_or(|high| text.as_str() < high && !high.starts_with(&text)) {
                return text;
            }
        }
    }
    unreachable!("there is room between any two words that are kept")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_room_between_words_that_are_kept() {
        let mut low = "";
        for high in KEPT {
            let text = between(low, Some(high));
            assert!(low < text.as_str() && format!("{text}zzz").as_str() < high, "{low} {text} {high}");
            low = high;
        }
        assert_eq!(between(low, None), "t");
    }

    #[test]
    fn pseudonyms_are_different_and_sort_as_words_do() {
        let mut words: BTreeSet<String> = (0..5000).map(|number| format!("w{number}")).collect();
        words.extend(["A", "Zz", "_", "0", "17", "acme", "bee", "def", "defaults", "kube", "kubelet", "zzz"].map(str::to_owned));
        let all = Words::new(words.clone(), BTreeSet::new());
        let pseudonyms: Vec<&str> = words.iter().map(|word| all.word(word)).collect();
        assert!(pseudonyms.is_sorted_by(|one, next| one < next));
        assert_eq!(all.word("kube"), "kube");
        assert!(all.word("acme").starts_with('a') && !all.word("acme").contains("acm"));
    }
}
