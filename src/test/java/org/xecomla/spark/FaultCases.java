package org.xecomla.spark;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.xecomla.files.Faults;

/**
 * Which faults happen where: every operation that changes files meets all that can happen to it. Of those that change
 * nothing, the first of each line of the code on each file does, with digits of names taken as one (the steps of
 * checkpoints, the numbers of shards); what meets the others is told and handled at the same lines.
 */
record FaultCases(List<Case> all) {
    record Case(Faults.Place place, Faults.Kind kind) {}

    /** @param places of one stage, in order */
    static FaultCases of(List<Faults.Place> places) {
        List<Case> cases = new ArrayList<>();
        cases.add(new Case(places.get(0), Faults.Kind.SLOW));
        Set<String> met = new HashSet<>();
        for (Faults.Place place : places) {
            String sort =
                    String.join(" ", place.operation().name(), place.file().replaceAll("[0-9]+", "N"), place.caller());
            if (!place.operation().changes() && !met.add(sort)) {
                continue;
            }
            for (Faults.Kind kind : Faults.Kind.values()) {
                if (kind.hits(place.operation())) {
                    cases.add(new Case(place, kind));
                }
            }
        }
        return new FaultCases(cases);
    }
}
