use plimsoll::conformance::*;
use plimsoll::scheduler::version::KubernetesVersion;
fn main() {
    let d = std::env::args().nth(1).unwrap();
    let show: usize = std::env::args().nth(2).and_then(|x| x.parse().ok()).unwrap_or(3);
    for v in KubernetesVersion::ALL {
        let r = Recordings::read(std::path::Path::new(&d), v).unwrap();
        let res = r.compare(v);
        println!("== {v}");
        for f in by_family(&res) {
            println!("{:24} {}/{} cases {}/{} steps", f.family, f.cases_agreeing, f.cases, f.agreeing, f.all);
        }
        let mut shown = std::collections::BTreeMap::<String, usize>::new();
        for c in &res {
            if let Some(d) = &c.difference {
                let n = shown.entry(family(&c.name).to_owned()).or_default();
                if *n < show {
                    *n += 1;
                    println!("{}: step {}", c.name, d.step);
                    for l in d.at.iter().take(12) {
                        println!("    {l}");
                    }
                }
            }
        }
    }
}
