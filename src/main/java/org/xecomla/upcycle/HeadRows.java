package org.xecomla.upcycle;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Which dimensions of a base head become the student's: first the unrotated ones in their order, then the rotated ones,
 * half-split as everywhere inside: the first members of all planes, then the second members.
 *
 * @param nope base dimensions of the unrotated part
 * @param ropeFirst base dimension of the first member of each rotary plane
 * @param ropeSecond base dimension of the second member
 */
record HeadRows(List<Integer> nope, List<Integer> ropeFirst, List<Integer> ropeSecond) {

    /** X-EcoMLA's code: the first {@code nopeDim} and the last {@code ropeDim} dimensions; neighbours form a plane. */
    static HeadRows last(int headDim, int nopeDim, int ropeDim) {
        List<Integer> first = new ArrayList<>();
        List<Integer> second = new ArrayList<>();
        for (int i = headDim - ropeDim; i < headDim; i += 2) {
            first.add(i);
            second.add(i + 1);
        }
        return new HeadRows(IntStream.range(0, nopeDim).boxed().toList(), first, second);
    }

    /**
     * Whole planes of the base, every (headDim / ropeDim)-th; the unrotated part is the other dimensions ascending,
     * then the rotated ones plane by plane, cut at {@code nopeDim}.
     */
    static HeadRows stride(int headDim, int nopeDim, int ropeDim) {
        List<Integer> first = new ArrayList<>();
        List<Integer> second = new ArrayList<>();
        List<Integer> planes = new ArrayList<>();
        for (int i = 0; i < headDim / 2; i += headDim / ropeDim) {
            first.add(i);
            second.add(i + headDim / 2);
            planes.add(i);
            planes.add(i + headDim / 2);
        }
        List<Integer> nope = new ArrayList<>(IntStream.range(0, headDim)
                .boxed()
                .filter(i -> !planes.contains(i))
                .toList());
        nope.addAll(planes);
        return new HeadRows(nope.subList(0, nopeDim), first, second);
    }

    /** The rotated dimensions within one head. */
    int[] rope() {
        return IntStream.concat(
                        ropeFirst.stream().mapToInt(Integer::intValue),
                        ropeSecond.stream().mapToInt(Integer::intValue))
                .toArray();
    }

    /** Rows of a matrix of {@code numHeads} heads: of each head the unrotated dimensions, then the rotated ones. */
    int[] ofHeads(int numHeads, int headDim) {
        int[] within = IntStream.concat(nope.stream().mapToInt(Integer::intValue), IntStream.of(rope()))
                .toArray();
        return IntStream.range(0, numHeads)
                .flatMap(head -> IntStream.of(within).map(i -> head * headDim + i))
                .toArray();
    }

    /** The unrotated dimensions within one head. */
    int[] nopeRows() {
        return nope.stream().mapToInt(Integer::intValue).toArray();
    }
}
