//! The fast path decides as the plain path does: step by step, on generated clusters.

use plimsoll::manifest::Objects;
use plimsoll::scheduler::profile::Configuration;
use plimsoll::scheduler::ties::Ties;
use plimsoll::scheduler::version::KubernetesVersion;
use plimsoll::scheduler::{Options, Scheduler, prepare, queue};
use proptest::prelude::*;

use crate::generate;

/// Decides every pending pod by both paths at every step, and goes on with what they decided.
fn paths_agree(objects: &Objects, options: Options) {
    let (cluster, profiles) = prepare(objects, &Configuration::default());
    let mut scheduler = Scheduler::new(&cluster, &profiles, options);
    for pod in queue::pending(&cluster) {
        for _ in 0..4 {
            let plain = scheduler.clone().attempt(pod);
            let fast = scheduler.decide(pod);
            let name = cluster.pod_name(pod);
            assert_eq!((fast.outcome, fast.node, fast.best_count), (plain.outcome, plain.node, plain.best.len()), "{name}");
            assert_eq!(fast.message.as_deref().unwrap_or_default(), plain.message, "{name}");
            assert_eq!(fast.preemption, plain.preemption, "{name}");
            match (fast.node, fast.preemption) {
                (Some(node), _) => scheduler.bind(pod, node),
                (None, Some(preemption)) => {
                    scheduler.make_room(pod, &preemption);
                    continue;
                }
                (None, None) => {}
            }
            break;
        }
    }
}

/// Both paths, from start to end: the same decisions and the same occupancy.
fn runs_agree(objects: &Objects, options: Options) {
    let (cluster, profiles) = prepare(objects, &Configuration::default());
    let (mut fast, mut plain) =
        (Scheduler::new(&cluster, &profiles, options), Scheduler::new(&cluster, &profiles, Options { plain: true, ..options }));
    assert_eq!(fast.run(|_, _| ()), plain.run(|_, _| ()));
    assert!(fast.occupancy() == plain.occupancy());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_fast_path_decides_as_the_plain_path(objects in generate::cluster(), old in any::<bool>()) {
        let version = if old { KubernetesVersion::V1_34 } else { KubernetesVersion::V1_36 };
        paths_agree(&objects, Options { version, ..Options::default() });
    }

    #[test]
    fn whole_runs_agree_whatever_the_ties(objects in generate::cluster(), seed in any::<u64>()) {
        runs_agree(&objects, Options { ties: Ties::Random(seed), ..Options::default() });
        runs_agree(&objects, Options { ties: Ties::First, ..Options::default() });
    }
}

#[test]
fn whole_runs_agree_on_larger_clusters() {
    for seed in 0..4 {
        let plan = generate::Plan { seed, nodes: 150, bound: 300, pending: 900, traits: generate::Trait::ALL.to_vec() };
        runs_agree(&generate::build(&plan), Options::default());
    }
}
