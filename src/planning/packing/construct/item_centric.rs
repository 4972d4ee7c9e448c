//! One class after the other, the largest first, into bins that are open, then into new ones.

use super::{Draft, Rule, Scale, Way};

/// Packs all classes; those for which there are no bins are left over.
pub(super) fn pack(draft: &mut Draft, rule: Rule, scale: &Scale) {
    let weights = scale.weights(rule.weights, draft.tables, &draft.left);
    open_what_is_there(draft);
    for class in order(draft, rule, scale, &weights) {
        into_open_bins(draft, rule, scale, &weights, class);
        into_new_bins(draft, rule, scale, &weights, class);
    }
}

/// Opens the bins that cost nothing, if their number is known: they come first.
fn open_what_is_there(draft: &mut Draft) {
    let tables = draft.tables;
    for (index, bin) in tables.instance.bins.iter().enumerate().filter(|(_, bin)| bin.price == 0) {
        if let Some(limit) = bin.limit.filter(|limit| *limit > 0) {
            draft.add(tables.open(index), limit);
        }
    }
}

/// Classes, the largest first.
fn order(draft: &Draft, rule: Rule, scale: &Scale, weights: &[f64]) -> Vec<usize> {
    let mut classes: Vec<(f64, usize)> =
        (0..draft.tables.classes()).map(|class| (scale.size(rule.measure, weights, class), class)).collect();
    classes.sort_by(|one, other| other.0.total_cmp(&one.0).then(one.1.cmp(&other.1)));
    classes.into_iter().map(|(_, class)| class).collect()
}

fn into_open_bins(draft: &mut Draft, rule: Rule, scale: &Scale, weights: &[f64], class: usize) {
    let tables = draft.tables;
    let mut groups: Vec<(f64, usize)> = Vec::new();
    for (index, (open, _)) in draft.groups.iter().enumerate().filter(|(_, (open, _))| open.has_room(tables, class)) {
        let slack = |_: ()| scale.scaled(&open.free).zip(weights).map(|(free, weight)| free * weight).sum::<f64>();
        groups.push((if rule.way == Way::BestFit { slack(()) } else { 0.0 }, index));
    }
    groups.sort_by(|one, other| one.0.total_cmp(&other.0).then(one.1.cmp(&other.1)));
    for (_, group) in groups {
        if draft.left[class] == 0 {
            return;
        }
        draft.put(group, class);
    }
}

fn into_new_bins(draft: &mut Draft, rule: Rule, scale: &Scale, weights: &[f64], class: usize) {
    let tables = draft.tables;
    while draft.left[class] > 0 {
        let types = rule.types.order(draft, scale, weights);
        let Some(bin) = types.into_iter().find(|&bin| tables.takes(bin, class)) else { return };
        let mut open = tables.open(bin);
        let room = open.room(tables, class);
        let (full, left) = (draft.left[class] / room, draft.left[class]);
        open.add(tables, class, room.min(left));
        draft.add(open, full.clamp(1, draft.spare(bin)));
    }
}
