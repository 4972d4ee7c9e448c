//! What someone says that a workload needs.

use std::fmt;
use std::str::FromStr;

use crate::controllers::scale_down::WorkloadKey;

/// How many of its pods must be ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// So many.
    Pods(usize),
    /// So many percent, rounded up as PodDisruptionBudgets do.
    Share(u32),
    /// More than half.
    Majority,
    /// There is no such number.
    None,
}

/// A wish given for one workload: `NAMESPACE/NAME=WISH` or `NAMESPACE/KIND/NAME=WISH`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Override {
    /// Namespace.
    pub namespace: String,
    /// Kind; absent means any.
    pub kind: Option<String>,
    /// Name.
    pub name: String,
    /// What it needs.
    pub wish: Wish,
}

impl Wish {
    /// The number of pods, of so many.
    pub fn of(self, replicas: usize) -> usize {
        match self {
            Wish::Pods(pods) => pods,
            Wish::Share(percent) => replicas.saturating_mul(usize::try_from(percent).unwrap_or(100)).div_ceil(100),
            Wish::Majority if replicas > 0 => super::majority(replicas),
            Wish::Majority | Wish::None => 0,
        }
    }
}

impl FromStr for Wish {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let problem = || format!("{text:?} is none of: a number of pods, a share such as 50%, majority, none");
        match text.to_ascii_lowercase().as_str() {
            "majority" => Ok(Wish::Majority),
            "none" => Ok(Wish::None),
            _ => match text.strip_suffix('%') {
                Some(share) => share.parse().ok().filter(|&share| share <= 100).map(Wish::Share).ok_or_else(problem),
                None => text.parse().map(|pods| if pods == 0 { Wish::None } else { Wish::Pods(pods) }).map_err(|_| problem()),
            },
        }
    }
}

impl fmt::Display for Wish {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Wish::Pods(pods) => write!(f, "{pods}"),
            Wish::Share(percent) => write!(f, "{percent}%"),
            Wish::Majority => write!(f, "majority"),
            Wish::None => write!(f, "none"),
        }
    }
}

impl Override {
    /// Whether it is about a workload.
    pub(super) fn means(&self, workload: &WorkloadKey) -> bool {
        let is_kind = self.kind.as_ref().is_none_or(|kind| kind.eq_ignore_ascii_case(&workload.kind));
        is_kind && self.namespace == workload.namespace && self.name == workload.name
    }
}

impl FromStr for Override {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let problem = || format!("{text:?} is not NAMESPACE/NAME=QUORUM or NAMESPACE/KIND/NAME=QUORUM");
        let (workload, wish) = text.split_once('=').ok_or_else(problem)?;
        let parts: Vec<&str> = workload.split('/').collect();
        let (namespace, kind, name) = match parts[..] {
            [namespace, name] => (namespace, None, name),
            [namespace, kind, name] => (namespace, Some(kind), name),
            _ => return Err(problem()),
        };
        if namespace.is_empty() || name.is_empty() || kind.is_some_and(str::is_empty) {
            return Err(problem());
        }
        Ok(Override { namespace: namespace.to_owned(), kind: kind.map(str::to_owned), name: name.to_owned(), wish: wish.parse()? })
    }
}

impl fmt::Display for Override {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Override { namespace, kind, name, wish } = self;
        match kind {
            Some(kind) => write!(f, "{namespace}/{kind}/{name}={wish}"),
            None => write!(f, "{namespace}/{name}={wish}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wishes_are_read() {
        let of = |text: &str| text.parse::<Wish>().map(|wish| [wish.of(1), wish.of(3), wish.of(4)]);
        assert_eq!(of("2"), Ok([2, 2, 2]));
        assert_eq!(of("50%"), Ok([1, 2, 2]));
        assert_eq!(of("Majority"), Ok([1, 2, 3]));
        assert_eq!([of("none"), of("0")], [Ok([0; 3]), Ok([0; 3])]);
        for wrong in ["", "-1", "101%", "x%", "all", "99999999999999999999999"] {
            assert!(of(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn overrides_are_read_and_written() {
        for text in ["shop/api=2", "shop/StatefulSet/db=majority"] {
            assert_eq!(text.parse::<Override>().map(|flag| flag.to_string()), Ok(text.to_owned()));
        }
        for wrong in ["api=2", "shop/api", "a/b/c/d=1", "/x=1", "shop/=1", "shop//api=1"] {
            assert!(wrong.parse::<Override>().is_err(), "{wrong}");
        }
    }
}
