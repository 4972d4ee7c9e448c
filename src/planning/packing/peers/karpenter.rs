//! Karpenter's rule: pods from the largest to the smallest, each to the first node in the making that can still hold it.
//!
//! Pods are sorted by cpu, then memory, the greatest first. A node in the making (a NodeClaim) keeps all types that could still be it. A
//! pod goes to the first claim, the one with the fewest pods first, of which some type can hold it beside the others; the claim then keeps
//! those types only. If there is none, a new claim is opened with all types that can hold the pod. In the end each claim becomes the
//! cheapest of the types it has kept.
//!
//! Left out: preferences that are relaxed, weights of node pools, and that only the sixty cheapest types are handed to the cloud (which
//! buys the cheapest of them, as here).
//!
//! Source: kubernetes-sigs/karpenter, pkg/controllers/provisioning/scheduling/{queue,scheduler,nodeclaim}.go.

use super::super::instance::{Instance, Packing};
use super::{Conflicts, Load, Sizes, packing};

/// A node in the making.
struct Claim {
    load: Load,
    pods: u64,
    /// What it could still be.
    types: Vec<usize>,
}

/// What the rule buys; none if it leaves pods out.
pub fn karpenter(instance: &Instance, sizes: Sizes) -> Option<Packing> {
    let conflicts = Conflicts::new(instance);
    let all: Vec<usize> = (0..instance.bins.len()).collect();
    let mut order: Vec<usize> = (0..instance.items.len()).collect();
    let amount = |item: usize, resource: usize| instance.items[item].amounts[resource];
    order.sort_by_key(|&item| std::cmp::Reverse((amount(item, sizes.cpu), amount(item, sizes.memory))));
    let mut claims: Vec<Claim> = Vec::new();
    for item in order {
        // a claim that cannot hold one pod of a class holds no other of it either
        let mut full = vec![false; claims.len()];
        for _ in 0..instance.items[item].demand {
            let mut by_pods: Vec<usize> = (0..claims.len()).filter(|&index| !full[index]).collect();
            by_pods.sort_by_key(|&index| claims[index].pods);
            let taken = by_pods.into_iter().find(|&index| {
                let has_taken = claims[index].take(instance, &conflicts, item);
                full[index] = !has_taken;
                has_taken
            });
            if taken.is_none() {
                let mut claim = Claim { load: Load::new(instance), pods: 0, types: all.clone() };
                if !claim.take(instance, &conflicts, item) {
                    return None;
                }
                claims.push(claim);
                full.push(false);
            }
        }
    }
    buy(instance, &claims)
}

impl Claim {
    /// Takes one pod of a class, if some type it could be holds that.
    fn take(&mut self, instance: &Instance, conflicts: &Conflicts, item: usize) -> bool {
        let holds = |bin: &&usize| self.load.room(instance, conflicts, **bin, item) > 0;
        let types: Vec<usize> = self.types.iter().filter(holds).copied().collect();
        let can = !types.is_empty();
        if can {
            self.types = types;
            self.load.add(instance, item, 1);
            self.pods += 1;
        }
        can
    }
}

/// Each claim as the cheapest type that it could be and of which there are some left.
fn buy(instance: &Instance, claims: &[Claim]) -> Option<Packing> {
    let mut left: Vec<Option<u32>> = instance.bins.iter().map(|bin| bin.limit).collect();
    let mut patterns = Vec::with_capacity(claims.len());
    for claim in claims {
        let bin = claim.types.iter().copied().filter(|&bin| left[bin] != Some(0)).min_by_key(|&bin| instance.bins[bin].price)?;
        left[bin] = left[bin].map(|left| left - 1);
        patterns.push(claim.load.pattern(bin));
    }
    Some(packing(patterns.into_iter()))
}
