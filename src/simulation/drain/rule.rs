//! Which pods `kubectl drain` evicts, which it leaves alone, and which make it refuse the node until a flag is given.
//!
//! Source: k8s.io/kubectl/pkg/drain/filters.go, v0.36.

use crate::manifest::pod::Pod;

/// A flag of `kubectl drain` that lifts a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Flag {
    /// Pods of DaemonSets stay where they are.
    IgnoreDaemonsets,
    /// What pods keep in emptyDir volumes is lost.
    DeleteEmptydirData,
    /// Pods without a controller are lost.
    Force,
}

/// Which flags are given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Flags {
    /// `--ignore-daemonsets`.
    pub ignore_daemonsets: bool,
    /// `--delete-emptydir-data`.
    pub delete_emptydir_data: bool,
    /// `--force`.
    pub force: bool,
}

/// Why a node is refused, in kubectl's words.
const WORDS: [(Flag, &str, &str); 3] = [
    (Flag::IgnoreDaemonsets, "--ignore-daemonsets", "cannot delete DaemonSet-managed Pods (use --ignore-daemonsets to ignore)"),
    (Flag::DeleteEmptydirData, "--delete-emptydir-data", "cannot delete Pods with local storage (use --delete-emptydir-data to override)"),
    (Flag::Force, "--force", "cannot delete Pods that declare no controller (use --force to override)"),
];

impl Flag {
    /// All of them.
    pub const ALL: [Flag; 3] = [Flag::IgnoreDaemonsets, Flag::DeleteEmptydirData, Flag::Force];

    /// As it is written.
    pub fn name(self) -> &'static str {
        WORDS[self as usize].1
    }

    /// What kubectl says without it.
    pub fn refusal(self) -> &'static str {
        WORDS[self as usize].2
    }
}

impl Flags {
    /// All of them.
    pub const ALL: Flags = Flags { ignore_daemonsets: true, delete_emptydir_data: true, force: true };

    /// Whether a flag is given.
    pub fn has(self, flag: Flag) -> bool {
        match flag {
            Flag::IgnoreDaemonsets => self.ignore_daemonsets,
            Flag::DeleteEmptydirData => self.delete_emptydir_data,
            Flag::Force => self.force,
        }
    }

    /// With one more.
    pub fn with(mut self, flag: Flag) -> Self {
        match flag {
            Flag::IgnoreDaemonsets => self.ignore_daemonsets = true,
            Flag::DeleteEmptydirData => self.delete_emptydir_data = true,
            Flag::Force => self.force = true,
        }
        self
    }
}

/// What `kubectl drain` does about a pod once its flags are given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Treatment {
    /// It is passed over: mirror pods; pods of DaemonSets.
    Stays,
    /// It is evicted.
    Goes,
}

/// What `kubectl drain` does about a pod, and the flags it wants for that. Pods that have ended need none.
pub fn treatment(pod: &Pod) -> (Treatment, Vec<Flag>) {
    let owner = pod.metadata.controller().map(|owner| owner.kind.as_str());
    if pod.is_terminal() {
        return (Treatment::Goes, Vec::new());
    }
    if owner == Some("DaemonSet") {
        return (Treatment::Stays, vec![Flag::IgnoreDaemonsets]);
    }
    if pod.metadata.annotations.contains_key("kubernetes.io/config.mirror") {
        return (Treatment::Stays, Vec::new());
    }
    let mut flags = Vec::new();
    if pod.spec.volumes.iter().any(|volume| volume.empty_dir.is_some()) {
        flags.push(Flag::DeleteEmptydirData);
    }
    if owner.is_none() {
        flags.push(Flag::Force);
    }
    (Treatment::Goes, flags)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rule_wants_its_flag() {
        let of = |text: &str| treatment(&serde_saphyr::from_str::<Pod>(text).unwrap());
        let owned = |kind: &str| format!("metadata: {{ownerReferences: [{{kind: {kind}, name: o, controller: true}}]}}");
        assert_eq!(of("{metadata: {name: bare}}"), (Treatment::Goes, vec![Flag::Force]));
        assert_eq!(of("{metadata: {name: bare}, status: {phase: Succeeded}}"), (Treatment::Goes, vec![]));
        assert_eq!(of(&format!("{{{}}}", owned("ReplicaSet"))), (Treatment::Goes, vec![]));
        assert_eq!(of(&format!("{{{}}}", owned("DaemonSet"))), (Treatment::Stays, vec![Flag::IgnoreDaemonsets]));
        let scratch = format!("{{{}, spec: {{volumes: [{{name: v, emptyDir: {{}}}}]}}}}", owned("ReplicaSet"));
        assert_eq!(of(&scratch), (Treatment::Goes, vec![Flag::DeleteEmptydirData]));
        let mirror =
            "{metadata: {annotations: {kubernetes.io/config.mirror: x}, ownerReferences: [{kind: Node, name: n, controller: true}]}}";
        assert_eq!(of(mirror), (Treatment::Stays, vec![]));
    }
}
