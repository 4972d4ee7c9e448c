//! What must hold for a loss to be survived.

use std::fmt;
use std::str::FromStr;

use crate::planning::quorum::{Hit, State};
use crate::simulation::loss::Loss;

/// What must hold, or what does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Requirements {
    /// Every pod that should run again finds a node, and nobody is evicted for good.
    pub placed: bool,
    /// Every workload keeps as many ready pods as it needs.
    pub quorum: bool,
    /// Every workload keeps a ready pod.
    pub available: bool,
    /// Every PodDisruptionBudget keeps as many healthy pods as it promises.
    pub budgets: bool,
}

/// Each requirement: its name, and its place.
type Row = (&'static str, fn(&mut Requirements) -> &mut bool);

const ROWS: [Row; 4] = [
    ("placed", |requirements| &mut requirements.placed),
    ("quorum", |requirements| &mut requirements.quorum),
    ("available", |requirements| &mut requirements.available),
    ("budgets", |requirements| &mut requirements.budgets),
];

impl Requirements {
    /// Nothing.
    pub const NONE: Requirements = Requirements { placed: false, quorum: false, available: false, budgets: false };

    /// What a loss breaks of all there is.
    pub fn broken(loss: &Loss, hits: &[Hit]) -> Self {
        let falls_to = |state: State| hits.iter().any(|hit| hit.state == state && hit.before < state);
        Requirements {
            placed: !loss.is_made_good(),
            quorum: falls_to(State::BelowQuorum),
            available: falls_to(State::Zero),
            budgets: hits.iter().any(|hit| !hit.budgets.is_empty()),
        }
    }

    /// Those that are among others too.
    pub fn among(self, others: Requirements) -> Self {
        Requirements {
            placed: self.placed && others.placed,
            quorum: self.quorum && others.quorum,
            available: self.available && others.available,
            budgets: self.budgets && others.budgets,
        }
    }

    /// Their names.
    pub fn names(mut self) -> Vec<&'static str> {
        ROWS.iter().filter(|(_, place)| *place(&mut self)).map(|(name, _)| *name).collect()
    }
}

impl Default for Requirements {
    /// All but budgets: those are about evictions, and a loss asks nobody.
    fn default() -> Self {
        Requirements { placed: true, quorum: true, available: true, budgets: false }
    }
}

impl fmt::Display for Requirements {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.names().join(","))
    }
}

impl FromStr for Requirements {
    type Err = String;

    /// Names with commas between them.
    fn from_str(text: &str) -> Result<Self, String> {
        let mut requirements = Requirements::NONE;
        for name in text.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            let row = ROWS.iter().find(|(own, _)| *own == name);
            let known = || ROWS.map(|(name, _)| name).join(", ");
            let (_, place) = row.ok_or_else(|| format!("{name:?} is none of: {}", known()))?;
            *place(&mut requirements) = true;
        }
        Ok(requirements)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requirements_are_read_as_they_are_written() {
        assert_eq!("placed,quorum,available".parse(), Ok(Requirements::default()));
        assert_eq!(Requirements::default().to_string(), "placed,quorum,available");
        assert!("placed,all".parse::<Requirements>().unwrap_err().contains("budgets"));
    }
}
