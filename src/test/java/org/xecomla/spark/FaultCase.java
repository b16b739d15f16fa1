package org.xecomla.spark;

import java.util.ArrayList;
import java.util.List;
import org.xecomla.files.Faults;

/** A fault and where it happens. */
record FaultCase(Faults.Place place, Faults.Kind kind) {
    /**
     * Every operation that changes files meets all that can happen to it. Of those that change nothing, the first of
     * each line of the code on each sort of file does; what meets the others is told and handled at the same lines.
     *
     * @param places of one stage, in order
     */
    static List<FaultCase> of(List<Faults.Place> places) {
        List<FaultCase> cases = new ArrayList<>();
        cases.add(new FaultCase(places.get(0), Faults.Kind.SLOW));
        for (Faults.Place place : places) {
            if (place.operation().changes() || place.time() == 0) {
                for (Faults.Kind kind : Faults.Kind.values()) {
                    if (kind.hits(place.operation())) {
                        cases.add(new FaultCase(place, kind));
                    }
                }
            }
        }
        return cases;
    }
}
