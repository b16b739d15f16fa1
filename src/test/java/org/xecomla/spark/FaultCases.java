package org.xecomla.spark;

import java.util.ArrayList;
import java.util.List;
import org.xecomla.files.Faults;

/**
 * Which faults happen where: every operation that changes files meets all that can happen to it. Of those that change
 * nothing, the first of each line of the code on each sort of file does; what meets the others is told and handled at
 * the same lines.
 */
record FaultCases(List<Case> all) {
    record Case(Faults.Place place, Faults.Kind kind) {}

    /** @param places of one stage, in order */
    static FaultCases of(List<Faults.Place> places) {
        List<Case> cases = new ArrayList<>();
        cases.add(new Case(places.get(0), Faults.Kind.SLOW));
        for (Faults.Place place : places) {
            if (place.operation().changes() || place.time() == 0) {
                for (Faults.Kind kind : Faults.Kind.values()) {
                    if (kind.hits(place.operation())) {
                        cases.add(new Case(place, kind));
                    }
                }
            }
        }
        return new FaultCases(cases);
    }
}
