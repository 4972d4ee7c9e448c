//! What a rule leaves to be had at once: cheaper types of bins that hold the same, and bins whose content fits into others.

use super::Draft;

/// About how many bins are looked at to empty others.
const LOOKS_MAX: usize = 2_000_000;

/// Swaps each bin to the cheapest type that holds its content, and empties bins into others.
pub(in super::super) fn polish(draft: &mut Draft) {
    draft.groups.retain(|(open, count)| !open.items.is_empty() && *count > 0);
    recount(draft);
    empty(draft);
    cheapen(draft);
}

fn recount(draft: &mut Draft) {
    draft.used.fill(0);
    draft.groups.iter().for_each(|(open, count)| draft.used[open.bin] += count);
}

/// Swaps each bin to the cheapest type that holds its content, and of which there are enough.
fn cheapen(draft: &mut Draft) {
    let tables = draft.tables;
    let mut types: Vec<usize> = (0..tables.instance.bins.len()).collect();
    types.sort_by_key(|&bin| (tables.bin(bin).price, bin));
    let mut groups = std::mem::take(&mut draft.groups);
    groups.sort_by_key(|(open, _)| std::cmp::Reverse(tables.bin(open.bin).price));
    while let Some((open, count)) = groups.pop() {
        let is_cheaper = |bin: usize| tables.bin(bin).price < tables.bin(open.bin).price;
        let cheaper = types.iter().copied().take_while(|&bin| is_cheaper(bin));
        let Some(bin) = cheaper.filter(|&bin| draft.spare(bin) > 0).find(|&bin| open.would_fit(tables, bin)) else {
            draft.groups.push((open, count));
            continue;
        };
        let changed = count.min(draft.spare(bin));
        let mut swapped = open.clone();
        swapped.become_type(tables, bin);
        draft.used[open.bin] -= changed;
        draft.used[bin] += changed;
        draft.groups.push((swapped, changed));
        if changed < count {
            groups.push((open, count - changed));
        }
    }
}

/// Empties bins into others, those that hold the least for their price first.
fn empty(draft: &mut Draft) {
    let tables = draft.tables;
    let mut looks = LOOKS_MAX;
    let mut order: Vec<usize> = (0..draft.groups.len()).filter(|&group| tables.bin(draft.groups[group].0.bin).price > 0).collect();
    order.sort_by_key(|&group| {
        let (open, count) = &draft.groups[group];
        let items: u32 = open.items.iter().map(|&(_, number)| number).sum();
        (*count, items, std::cmp::Reverse(tables.bin(open.bin).price), group)
    });
    for group in order {
        let cost = draft.groups.len() * draft.groups[group].0.items.len();
        looks = looks.saturating_sub(cost);
        if looks == 0 {
            return;
        }
        while draft.groups[group].1 > 0 && empty_one(draft, group) {}
    }
    draft.groups.retain(|(_, count)| *count > 0);
}

/// Empties one bin of a group into others; whether it could.
fn empty_one(draft: &mut Draft, group: usize) -> bool {
    let tables = draft.tables;
    let mut trial: Vec<(usize, super::super::tables::OpenBin)> = Vec::new();
    for &(class, number) in &draft.groups[group].0.items {
        let class = class as usize;
        for _ in 0..number {
            if let Some((_, open)) = trial.iter_mut().find(|(_, open)| open.has_room(tables, class)) {
                open.add(tables, class, 1);
                continue;
            }
            let taken = |index: usize| trial.iter().filter(|(from, _)| *from == index).count() as u32 + u32::from(index == group);
            let other = (0..draft.groups.len())
                .find(|&index| draft.groups[index].0.has_room(tables, class) && draft.groups[index].1 > taken(index));
            let Some(other) = other else { return false };
            let mut open = draft.groups[other].0.clone();
            open.add(tables, class, 1);
            trial.push((other, open));
        }
    }
    draft.used[draft.groups[group].0.bin] -= 1;
    draft.groups[group].1 -= 1;
    for (from, open) in trial {
        draft.groups[from].1 -= 1;
        draft.groups.push((open, 1));
    }
    true
}
