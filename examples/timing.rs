use plimsoll::scheduler::*;
use std::time::Instant;
fn main() {
    for f in std::env::args().skip(1) {
        let t = Instant::now();
        let bytes = std::fs::read(&f).unwrap();
        let input = plimsoll::manifest::read::read_bytes(&f, &bytes);
        let t1 = t.elapsed();
        let t = Instant::now();
        let (c, p) = prepare(&input.objects, &Default::default());
        let t2 = t.elapsed();
        let t = Instant::now();
        let mut s = Scheduler::new(&c, &p, Options::default());
        let mut r = s.run(|_, _| ());
        for _ in 0..std::env::var("REPS").map(|x| x.parse().unwrap()).unwrap_or(0) {
            s = Scheduler::new(&c, &p, Options::default());
            r = s.run(|_, _| ());
        }
        let t3 = t.elapsed();
        println!(
            "{f}: read {t1:?} prepare {t2:?} run {t3:?} {} pods {} pending {:.0} pods/s classes {}",
            r.decisions.len(),
            r.pending().count(),
            r.decisions.len() as f64 / t3.as_secs_f64(),
            c.classes.len()
        );
    }
}
