//! What is left to chance is drawn from seeds: the same for any number of threads, each run to be had again, and shares that tell a
//! cluster that hangs on the order of arrival from one that does not.

use plimsoll::cluster::Cluster;
use plimsoll::cluster::index::PodId;
use plimsoll::manifest::Objects;
use plimsoll::manifest::read::read_str;
use plimsoll::planning::failover::Assumptions;
use plimsoll::planning::quorum::Quorums;
use plimsoll::planning::resilience::{Chances, Question, Requirements, chances, judge};
use plimsoll::scheduler::arrivals::Arrivals;
use plimsoll::scheduler::profile::Configuration;
use plimsoll::scheduler::ties::Ties;
use plimsoll::scheduler::{Options, Scheduler, prepare, queue};
use plimsoll::simulation::chance::{Draws, NodeRange, Places, Run, Share, sample};
use plimsoll::simulation::loss::{Baseline, Until};
use proptest::prelude::*;

use crate::generate;

const CHANCE: &str = include_str!("../../fixtures/cli/chance.yaml");
const CHANCE_LOSS: &str = include_str!("../../fixtures/cli/chance-loss.yaml");

fn objects(text: &str) -> Objects {
    let mut input = read_str("test", text);
    plimsoll::controllers::expand(&mut input.objects);
    plimsoll::admission::admit(&mut input.objects);
    input.objects
}

fn draws(seed: u64, runs: usize) -> Draws {
    Draws { options: Options { ties: Ties::Random(0), arrivals: Arrivals::Random(0), ..Options::default() }, seed, runs }
}

fn runs(objects: &Objects, draws: &Draws) -> (Cluster, Vec<Run>) {
    let (cluster, profiles) = prepare(objects, &Configuration::default());
    let runs = sample(&cluster, &profiles, draws, || ());
    (cluster, runs)
}

fn on_threads<T: Send>(threads: usize, work: impl FnOnce() -> T + Send) -> T {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads can be had").install(work)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arrivals_keep_what_is_ordered(plan in generate::plan(), seed in any::<u64>()) {
        let cluster = Cluster::new(&generate::build(&plan));
        let arriving = queue::arriving(&cluster, Arrivals::Random(seed));
        prop_assert_eq!(queue::arriving(&cluster, Arrivals::Listed), queue::pending(&cluster));
        let key = |pod: PodId| {
            let created = cluster.pod(pod).created.map(|time| cluster.texts.get(time).to_owned());
            (std::cmp::Reverse(cluster.class_of(pod).priority), created.is_none(), created)
        };
        prop_assert!(arriving.is_sorted_by_key(|&pod| key(pod)));
        let sorted = |mut pods: Vec<PodId>| { pods.sort_unstable(); pods };
        prop_assert_eq!(sorted(arriving), sorted(queue::pending(&cluster)));
    }

    #[test]
    fn a_run_is_the_scheduler_s_own_with_that_seed(plan in generate::plan(), seed in any::<u64>()) {
        let objects = generate::build(&plan);
        let draws = draws(seed, 3);
        let (cluster, runs) = runs(&objects, &draws);
        let (_, profiles) = prepare(&objects, &Configuration::default());
        for (number, run) in runs.iter().enumerate() {
            let mut scheduler = Scheduler::new(&cluster, &profiles, draws.options_of(number));
            let schedule = scheduler.run(|_, _| ());
            prop_assert_eq!(run.seed, seed.wrapping_add(number as u64));
            for &(pod, node) in &run.places {
                prop_assert_eq!(scheduler.occupancy().node_of(pod), node);
            }
            prop_assert_eq!(&run.lost.iter().copied().collect::<std::collections::BTreeSet<_>>(), &schedule.lost.iter().copied().collect());
        }
    }
}

#[test]
fn pods_of_a_stateful_set_arrive_by_their_ordinals_unless_it_is_parallel() {
    let set = |policy: &str| {
        format!(
            "{{apiVersion: apps/v1, kind: StatefulSet, metadata: {{name: db, namespace: shop}}, spec: {{replicas: 12, podManagementPolicy: {policy}, \
             selector: {{matchLabels: {{app: db}}}}, template: {{metadata: {{labels: {{app: db}}}}, spec: {{containers: [{{name: c}}]}}}}}}}}"
        )
    };
    let orders = |policy: &str| {
        let cluster = Cluster::new(&objects(&set(policy)));
        let name = |pod: PodId| cluster.pod_name(pod).name.rsplit('-').next().unwrap().parse::<usize>().unwrap();
        (0..20).map(|seed| queue::arriving(&cluster, Arrivals::Random(seed)).into_iter().map(name).collect::<Vec<_>>()).collect::<Vec<_>>()
    };
    assert!(orders("OrderedReady").iter().all(|order| order.is_sorted() && order.len() == 12));
    assert!(orders("Parallel").iter().all(|order| !order.is_sorted()));
}

#[test]
fn where_the_order_decides_some_runs_fail_and_some_do_not() {
    let (cluster, runs) = runs(&objects(CHANCE), &draws(0, 100));
    let pending = Share::of(&runs, |run| !run.places_all());
    assert!(0 < pending.runs && pending.runs < 100, "{pending:?}");
    let places = Places::of(&cluster, &runs, |pod| cluster.pod(pod).class.index());
    let missing = places.groups.iter().filter_map(|group| group.missing.as_ref());
    assert!(missing.clone().count() > 0 && missing.clone().all(|missing| missing.least == 0 && !missing.messages.is_empty()));
    assert!(NodeRange::all(&cluster, &runs).iter().any(|range| !range.is_point()));
    assert!(places.outcomes >= places.outcomes_up_to_exchange && places.outcomes_up_to_exchange > 1);
}

#[test]
fn identical_pods_on_identical_nodes_leave_use_determined() {
    let text = CHANCE.split("---").take(4).collect::<Vec<_>>().join("---");
    let (cluster, runs) = runs(&objects(&text), &draws(0, 50));
    assert!(runs.iter().all(Run::places_all));
    let places = Places::of(&cluster, &runs, |_| 0);
    assert!(places.outcomes > 1 && places.outcomes_up_to_exchange == 1, "{places:?}");
    assert_eq!((places.groups[0].exchanged, places.groups[0].open()), (3, 0));
    assert!(NodeRange::all(&cluster, &runs).iter().all(NodeRange::is_point));
}

#[test]
fn runs_are_the_same_for_any_number_of_threads() {
    let traits = vec![generate::Trait::Workloads, generate::Trait::Priorities, generate::Trait::SoftSpread];
    let plan = generate::Plan { seed: 11, nodes: 20, bound: 30, pending: 60, traits };
    let objects = generate::build(&plan);
    let drawn = |threads| on_threads(threads, || runs(&objects, &draws(9, 16)).1);
    let one = drawn(1);
    assert_eq!(one, drawn(4));
    assert_eq!(one, drawn(4));
    assert!(one.iter().any(|run| run.places != one[0].places), "seeds differ somewhere on a cluster like this");
}

fn losses(text: &str, draws: &Draws) -> (Chances, Vec<bool>) {
    let objects = objects(text);
    let baseline = |options| Baseline::new(&objects, &Configuration::default(), options, |scheduler| scheduler.run(|_, _| ()));
    let base = baseline(Options::default());
    let (quorums, assumptions) = (Quorums::of(&objects, &[]), Assumptions::default());
    let nodes: Vec<_> = base.cluster().nodes.ids().map(|node| vec![node]).collect();
    let question = Question {
        objects: &objects,
        baseline: &base,
        quorums: &quorums,
        losses: &nodes,
        until: Until::Removed,
        requirements: Requirements { placed: true, ..Requirements::NONE },
        assumptions: &assumptions,
        max_failover: None,
    };
    let drawn = chances(&question, draws, baseline, || ());
    // the worst run of each loss is an ordinary one with its seed
    let again = drawn.losses.iter().enumerate().map(|(loss, chance)| {
        let seed = chance.worst_seed;
        let own = baseline(Options { ties: Ties::Random(seed), arrivals: Arrivals::Random(seed), ..draws.options });
        judge(&Question { baseline: &own, ..question }, || ()).losses[loss].is_survived()
    });
    let again = again.collect();
    (drawn, again)
}

#[test]
fn what_comes_back_first_decides_whether_a_loss_is_survived() {
    let (drawn, again) = losses(CHANCE_LOSS, &draws(0, 60));
    let survived: Vec<usize> = drawn.losses.iter().map(|loss| loss.survived.runs).collect();
    assert!(10 < survived[0] && survived[0] < 50 && survived[1..] == [60, 60], "{survived:?}");
    assert_eq!(drawn.every, drawn.losses[0].survived);
    assert_eq!(again, [false, true, true]);
    assert_eq!((drawn.losses[0].least_missing, drawn.losses[0].most_missing), (0, 1));
}

#[test]
fn samples_of_losses_are_the_same_for_any_number_of_threads_and_have_baselines_of_their_own() {
    let drawn = |threads| on_threads(threads, || losses(CHANCE, &draws(3, 24)));
    let (one, again) = drawn(1);
    assert_eq!(one, drawn(4).0);
    assert!(0 < one.pending_before.runs && one.pending_before.runs < 24, "{:?}", one.pending_before);
    let expected: Vec<bool> = one.losses.iter().map(|loss| loss.survived.is_all()).collect();
    assert_eq!(again, expected);
}
