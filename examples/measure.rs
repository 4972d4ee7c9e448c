use plimsoll::cluster::index::PodId;
use plimsoll::planning::interdiction::*;
use plimsoll::planning::quorum::Quorums;
use plimsoll::scheduler::Options;
use plimsoll::scheduler::profile::Configuration;
use plimsoll::simulation::loss::Baseline;
use std::time::Instant;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let k: usize = arguments[2].parse().unwrap();
    let replays: usize = arguments.get(3).map_or(4096, |x| x.parse().unwrap());
    let start = Instant::now();
    let text = std::fs::read_to_string(&arguments[1]).unwrap();
    let mut input = plimsoll::manifest::read::read_str("big", &text);
    plimsoll::controllers::expand(&mut input.objects);
    plimsoll::admission::admit(&mut input.objects);
    eprintln!("read {:?}", start.elapsed());
    let baseline = Baseline::new(&input.objects, &Configuration::default(), Options::default(), |scheduler| scheduler.run(|_, _| ()));
    eprintln!("baseline {:?}, waiting {}", start.elapsed(), baseline.waiting().len());
    let quorums = Quorums::of(&input.objects, &[]);
    eprintln!("quorums {:?}", start.elapsed());
    let units = single_nodes(&baseline);
    let is_ready = |pod: usize| baseline.occupancy().node_of(PodId::new(pod)).is_some();
    let now = Instant::now();
    let answer = interdict(
        &Question {
            baseline: &baseline,
            quorums: &quorums,
            is_ready: &is_ready,
            units: &units,
            k,
            limits: Limits { replays, ..Limits::default() },
        },
        || (),
    );
    eprintln!("interdict {:?}", now.elapsed());
    println!("falls {} budgets {}", answer.availability.workloads.len(), answer.availability.budgets.len());
    match &answer.reached {
        Proof::Fails { nodes, why, .. } => println!("reached fails {nodes:?} pending {}", why.pending().count()),
        proof => {
            let c = proof.coverage().unwrap();
            println!(
                "reached holds {} certified {} tried {} alike {} left {} rooms {} open {} tightest {:?} first open {:?}",
                proof.holds(),
                c.certified,
                c.tried,
                c.alike,
                c.left,
                c.certificate.rooms.len(),
                c.certificate.open.len(),
                c.certificate.tightest(),
                &c.certificate.open.iter().take(5).collect::<Vec<_>>()
            )
        }
    }
    match &answer.repackable {
        Proof::Fails { nodes, why, .. } => println!("repackable fails {nodes:?} {why:?}"),
        proof => {
            let c = proof.coverage().unwrap();
            println!(
                "repackable holds {} certified {} tried {} left {} reserve {}",
                proof.holds(),
                c.certified,
                c.tried,
                c.left,
                c.certificate.reserve.is_some()
            )
        }
    }
}
