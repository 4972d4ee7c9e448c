//! The two Kubernetes versions, and everything in which they place pods differently: data, in this one place.
//!
//! Sources: what both versions did in the recordings under `fixtures/conformance/`; the plugins' module docs name the files.

/// A supported version of Kubernetes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum KubernetesVersion {
    /// 1.34.
    V1_34,
    /// 1.36, the default.
    #[default]
    V1_36,
}

/// How NodeResourcesBalancedAllocation scores.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BalanceScore {
    /// The balance with the pod (1.34).
    WithPod,
    /// How much the pod changes the balance (1.36).
    Change,
}

/// What upstream does among the best nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TieRule {
    /// Draws one at random (reservoir sampling, 1.34).
    Random,
    /// Takes the root of a heap built over the feasible nodes in list order (1.36).
    HeapRoot,
}

/// Everything in which the versions differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Semantics {
    /// How NodeResourcesBalancedAllocation scores.
    pub balance: BalanceScore,
    /// Whether TaintToleration's reason names the taint.
    pub taint_reason_names_taint: bool,
    /// Whether DynamicResources is a score plugin (it then scores 0 here).
    pub dynamic_resources_score: bool,
    /// What upstream does among the best nodes.
    pub ties: TieRule,
}

impl KubernetesVersion {
    /// All supported versions, oldest first.
    pub const ALL: [KubernetesVersion; 2] = [KubernetesVersion::V1_34, KubernetesVersion::V1_36];

    /// `1.34` or `1.36`.
    pub fn name(self) -> &'static str {
        match self {
            KubernetesVersion::V1_34 => "1.34",
            KubernetesVersion::V1_36 => "1.36",
        }
    }

    /// What it does.
    pub fn semantics(self) -> Semantics {
        match self {
            KubernetesVersion::V1_34 => Semantics {
                balance: BalanceScore::WithPod,
                taint_reason_names_taint: true,
                dynamic_resources_score: false,
                ties: TieRule::Random,
            },
            KubernetesVersion::V1_36 => Semantics {
                balance: BalanceScore::Change,
                taint_reason_names_taint: false,
                dynamic_resources_score: true,
                ties: TieRule::HeapRoot,
            },
        }
    }
}

impl std::fmt::Display for KubernetesVersion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl std::str::FromStr for KubernetesVersion {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.strip_prefix('v').unwrap_or(text);
        let matches = |version: &&KubernetesVersion| {
            text == version.name() || text.strip_prefix(version.name()).is_some_and(|rest| rest.starts_with('.'))
        };
        Self::ALL.iter().find(matches).copied().ok_or_else(|| format!("Kubernetes {text} is not supported: choose 1.34 or 1.36"))
    }
}
