//! What a node keeps for itself: the way from what a machine has to what pods can have.
//!
//! A kubelet gives pods what is left of the capacity after `kube-reserved`, `system-reserved` and the hard eviction threshold. Each
//! managed service has its own published formula; the rules here are those formulas, worked out in whole millicores and, rounded
//! up, MiB.
//!
//! Sources: Google, "Plan node sizes" of the GKE documentation (memory and CPU reservations); Microsoft, "Node resource reservations in
//! AKS" (AKS 1.29 and later); awslabs/amazon-eks-ami, nodeadm's defaults for kubeReserved; kubernetes-sigs/karpenter,
//! kwok/cloudprovider/helpers.go. All read in 2026.

use crate::manifest::Quantity;
use crate::manifest::pod::ResourceList;

/// A rule for what a node keeps for itself.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Reserve {
    /// Google's: of the cores 6 % of the first, 1 % of the second, 0.5 % of the next two, 0.25 % of the rest; of the memory 25 % of the
    /// first 4 GiB, 20 % of the next 4, 10 % of the next 8, 6 % of the next 112, 2 % of the rest (255 MiB below 1 GiB), and 100 MiB.
    #[default]
    Gke,
    /// Microsoft's: 60 millicores for one core, 100 for two, 140 for four, 180 for eight, 10 more for each core after that; of the memory
    /// 20 MiB a pod and 50 MiB, but no more than a quarter, and 100 MiB.
    Aks,
    /// Amazon's: of the cores as Google's; of the memory 11 MiB a pod and 255 MiB, and 100 MiB.
    Eks,
    /// That of Karpenter's simulated cloud: 100 millicores and 10 MiB.
    Kwok,
    /// Nothing: pods can have all.
    Nothing,
    /// These amounts.
    Amounts(ResourceList),
}

const MIB: i64 = 1 << 20;
const GIB: i64 = 1 << 30;

impl Reserve {
    /// The rule of a name: `gke`, `aks`, `eks`, `kwok` or `none`.
    pub fn named(name: &str) -> Option<Reserve> {
        Some(match name {
            "gke" => Reserve::Gke,
            "aks" => Reserve::Aks,
            "eks" => Reserve::Eks,
            "kwok" => Reserve::Kwok,
            "none" => Reserve::Nothing,
            _ => return None,
        })
    }

    /// The rule in words.
    pub fn describe(&self) -> &'static str {
        match self {
            Reserve::Gke => {
                "GKE's published formula (6 % of the first core, less of the others; 25 % of the first 4 GiB, less of the others; 100 MiB)"
            }
            Reserve::Aks => "AKS's published formula (60 to 740 millicores by size; 20 MiB a pod and 50 MiB, at most a quarter; 100 MiB)",
            Reserve::Eks => "EKS's formula (6 % of the first core and less of the others; 11 MiB a pod and 255 MiB; 100 MiB)",
            Reserve::Kwok => "the overhead of Karpenter's kwok provider (100 millicores, 10 MiB)",
            Reserve::Nothing => "nothing kept for the node itself",
            Reserve::Amounts(_) => "the amounts given",
        }
    }

    /// What pods can have of a machine that has this. A resource that the rule does not speak of is left as it is.
    pub fn allocatable(&self, capacity: &ResourceList) -> ResourceList {
        let amount = |name: &str| capacity.get(name).copied().unwrap_or_default();
        let (cores, memory, pods) = (amount("cpu").milli(), amount("memory").units(), amount("pods").units());
        let (cpu_milli, memory_bytes) = match self {
            Reserve::Gke => (gke_cpu_milli(cores), gke_memory_bytes(memory) + 100 * MIB),
            Reserve::Aks => (aks_cpu_milli(cores), (20 * MIB).saturating_mul(pods).saturating_add(50 * MIB).min(memory / 4) + 100 * MIB),
            Reserve::Eks => (gke_cpu_milli(cores), (11 * MIB).saturating_mul(pods).saturating_add(355 * MIB)),
            Reserve::Kwok => (100, 10 * MIB),
            Reserve::Nothing => (0, 0),
            Reserve::Amounts(amounts) => return less(capacity, amounts),
        };
        let kept = [("cpu", Quantity::from_milli(cpu_milli)), ("memory", Quantity::from_bytes(memory_bytes))];
        less(capacity, &kept.map(|(name, amount)| (name.to_owned(), amount)).into_iter().collect())
    }
}

/// What is left of each resource; nothing rather than less than nothing.
fn less(capacity: &ResourceList, kept: &ResourceList) -> ResourceList {
    let left = |name: &str, amount: Quantity| {
        let left = amount.saturating_sub(kept.get(name).copied().unwrap_or_default());
        if left.is_negative() { Quantity::ZERO.with_format(amount.format()) } else { left }
    };
    capacity.iter().map(|(name, amount)| (name.clone(), left(name, *amount))).collect()
}

/// So much of each stretch of an amount: where the stretch ends, and how many parts in ten thousand are kept of it.
fn by_stretches(amount: i64, stretches: &[(i64, i64)]) -> i64 {
    let mut start = 0;
    let mut kept = 0;
    for &(end, parts) in stretches {
        kept += i128::from((amount.min(end) - start).max(0)) * i128::from(parts);
        start = end;
    }
    (kept / 10_000) as i64
}

fn gke_cpu_milli(cores_milli: i64) -> i64 {
    by_stretches(cores_milli, &[(1000, 600), (2000, 100), (4000, 50), (i64::MAX, 25)])
}

fn gke_memory_bytes(memory: i64) -> i64 {
    let stretches = [(4 * GIB, 2500), (8 * GIB, 2000), (16 * GIB, 1000), (128 * GIB, 600), (i64::MAX, 200)];
    let kept = if memory < GIB { 255 * MIB } else { by_stretches(memory, &stretches) };
    (kept + MIB - 1) / MIB * MIB
}

/// The published table, on straight lines between its rows and beyond them.
fn aks_cpu_milli(cores_milli: i64) -> i64 {
    by_stretches(cores_milli, &[(1000, 600), (2000, 400), (4000, 200), (i64::MAX, 100)])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allocatable(reserve: &Reserve, cpu: &str, memory: &str, pods: i64) -> (i64, i64) {
        let parse = |text: &str| text.parse::<Quantity>().expect("a quantity");
        let capacity = [("cpu", parse(cpu)), ("memory", parse(memory)), ("pods", Quantity::from_units(pods))];
        let left = reserve.allocatable(&capacity.map(|(name, amount)| (name.to_owned(), amount)).into_iter().collect());
        let amount = |name: &str| left.get(name).copied().unwrap_or_default();
        assert_eq!(amount("pods").units(), pods);
        (amount("cpu").milli(), amount("memory").units() / MIB)
    }

    #[test]
    fn the_published_examples_come_out() {
        // GKE: 4 cores and 16 GiB keep 80 millicores, and 1 + 0.8 + 0.8 GiB and 100 MiB
        assert_eq!(allocatable(&Reserve::Gke, "4", "16Gi", 110), (3920, 13_621));
        assert_eq!(allocatable(&Reserve::Gke, "1", "600Mi", 110), (940, 600 - 355));
        assert_eq!(allocatable(&Reserve::Gke, "32", "150Gi", 110).0, 32_000 - 150);
        // AKS: 8 GB and 30 pods keep 650 MB and 100; 4 GB and 70 pods a quarter
        assert_eq!(allocatable(&Reserve::Aks, "2", "8Gi", 30), (1900, 8192 - 750));
        assert_eq!(allocatable(&Reserve::Aks, "4", "4Gi", 70), (3860, 4096 - 1124));
        for (cores, kept) in [(1, 60), (2, 100), (4, 140), (8, 180), (16, 260), (32, 420), (64, 740)] {
            assert_eq!(aks_cpu_milli(cores * 1000), kept, "{cores} cores");
        }
        // EKS: an m5.large runs 29 pods
        assert_eq!(allocatable(&Reserve::Eks, "2", "8Gi", 29), (1930, 8192 - 319 - 355));
        assert_eq!(allocatable(&Reserve::Kwok, "1", "2Gi", 16), (900, 2038));
        assert_eq!(allocatable(&Reserve::Nothing, "1", "2Gi", 16), (1000, 2048));
        // smaller than what is kept
        assert_eq!(allocatable(&Reserve::Kwok, "50m", "1Mi", 1), (0, 0));
    }
}
