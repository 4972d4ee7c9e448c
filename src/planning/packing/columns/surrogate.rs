//! One resource in place of many: a weighted sum of the amounts, so that the fractional knapsack over it bounds the most a bin is worth.
//!
//! Any weights bound it; these are moved towards the resources that the fractional filling uses most, which lowers the bound.
//!
//! Source: F. Glover, "Surrogate constraints", Operations Research 16, 1968.

/// Weighted sums stay below this.
const WEIGHT: i64 = 1 << 40;
/// Scaled amounts stay at or below this.
const AMOUNT: i64 = 1 << 20;

/// Amounts in parts of the capacity, rounded down, so that what fits still fits; exact if the capacity is small.
pub(super) fn scaled(amounts: &[i64], capacity: &[i64]) -> Vec<i64> {
    let part = |amount: i64, capacity: i64| match capacity {
        0 => 0,
        capacity if capacity <= AMOUNT => amount,
        capacity => (i128::from(amount) * i128::from(AMOUNT)).div_euclid(i128::from(capacity)) as i64,
    };
    amounts.iter().zip(capacity).map(|(amount, capacity)| part(*amount, *capacity)).collect()
}

/// Weights of the resources that make the fractional knapsack over their sum tight, and the weight of the whole bin.
pub(super) fn surrogate(items: &[(u32, u32)], scaled: &[Vec<i64>], worths: &[i64], capacity: &[i64]) -> (Vec<i64>, i64) {
    let whole: Vec<f64> = capacity.iter().map(|capacity| (*capacity).min(AMOUNT) as f64).collect();
    let resources = whole.len();
    let used: Vec<bool> =
        (0..resources).map(|resource| whole[resource] > 0.0 && scaled.iter().any(|amounts| amounts[resource] > 0)).collect();
    let shares: Vec<Vec<f64>> =
        scaled.iter().map(|amounts| amounts.iter().zip(&whole).map(|(amount, whole)| *amount as f64 / whole.max(1.0)).collect()).collect();
    let mut weights: Vec<f64> = used.iter().map(|used| f64::from(u8::from(*used))).collect();
    let mut best = (f64::INFINITY, weights.clone());
    let mut step = 0.5;
    for _ in 0..40 {
        let (bound, load) = fractional_load(items, &shares, worths, &weights);
        if bound < best.0 {
            best = (bound, weights.clone());
        } else {
            step *= 0.8;
        }
        // A resource that the fractional filling uses more than the others weighs more.
        let mean = weights.iter().zip(&load).map(|(weight, load)| weight * load).sum::<f64>() / weights.iter().sum::<f64>().max(1e-9);
        for resource in (0..resources).filter(|&resource| used[resource]) {
            weights[resource] = (weights[resource] * (step * (load[resource] - mean)).exp()).clamp(1e-6, 1e6);
        }
    }
    let sum: f64 = best.1.iter().sum();
    let weight = |resource: usize| if used[resource] { (best.1[resource] / sum * WEIGHT as f64 / whole[resource]) as i64 } else { 0 };
    let weights: Vec<i64> = (0..resources).map(weight).collect();
    let whole = weights.iter().zip(capacity).map(|(weight, capacity)| weight * (*capacity).min(AMOUNT)).sum();
    (weights, whole)
}

/// The fractional knapsack over the weighted sum of shares, and how much of each resource its filling takes.
fn fractional_load(items: &[(u32, u32)], shares: &[Vec<f64>], worths: &[i64], weights: &[f64]) -> (f64, Vec<f64>) {
    let size = |index: usize| shares[index].iter().zip(weights).map(|(share, weight)| share * weight).sum::<f64>();
    let mut order: Vec<(f64, usize, f64)> = (0..items.len())
        .map(|index| {
            let size = size(index);
            (worths[items[index].0 as usize] as f64 / size.max(1e-12), index, size)
        })
        .collect();
    order.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    let mut room: f64 = weights.iter().sum();
    let (mut bound, mut load) = (0.0, vec![0.0; weights.len()]);
    for (ratio, index, size) in order {
        let number = if size > 0.0 { (room / size).min(f64::from(items[index].1)) } else { f64::from(items[index].1) };
        bound += ratio * size * number;
        room -= size * number;
        load.iter_mut().zip(&shares[index]).for_each(|(load, share)| *load += share * number);
        if room <= 1e-12 {
            break;
        }
    }
    (bound, load)
}
