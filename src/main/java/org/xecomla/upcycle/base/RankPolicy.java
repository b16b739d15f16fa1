package org.xecomla.upcycle.base;

import java.io.Serializable;
import org.xecomla.config.UpcycleConfig.EnergyRounding;
import org.xecomla.linalg.Matrix;

/** How many singular values a factorisation keeps. */
public sealed interface RankPolicy extends Serializable {
    /** Ranks by energy are rounded up to a multiple of this, as X-EcoMLA's code does. */
    int CODE_MULTIPLE = 8;

    /**
     * @param singularValues (1, k), descending
     * @return 1 to k
     */
    int rank(Matrix singularValues);

    /** The most that {@link #rank} can be of a matrix of rank {@code possible}. */
    int largest(int possible);

    /** The same rank whatever the singular values; cut at how many there are. */
    record Fixed(int rank) implements RankPolicy {
        @Override
        public int rank(Matrix singularValues) {
            return largest(singularValues.cols());
        }

        @Override
        public int largest(int possible) {
            return Math.min(rank, possible);
        }
    }

    /**
     * The rank that keeps a share of the energy, the sum of the squared singular values (X-EcoMLA, section 3.3, and its
     * code).
     *
     * @param share above 0 and at most 1
     */
    record Energy(double share, EnergyRounding rounding) implements RankPolicy {
        /** So that a share that a prefix meets exactly is met in spite of rounding. */
        private static final double TOLERANCE = 1e-12;

        @Override
        public int rank(Matrix singularValues) {
            int k = singularValues.cols();
            double total = singularValues.sumOfSquares();
            if (total == 0) {
                return 1;
            }
            return switch (rounding) {
                case PAPER -> Math.min(k, prefixesBelow(singularValues, (share - TOLERANCE) * total) + 1);
                case CODE -> {
                    int within = numWithin(singularValues, share);
                    yield Math.min(k, (within + CODE_MULTIPLE - 1) / CODE_MULTIPLE * CODE_MULTIPLE);
                }
            };
        }

        @Override
        public int largest(int possible) {
            return possible;
        }

        /** X-EcoMLA's code before it rounds: how many prefix sums are within the share, at least 1. */
        public static int numWithin(Matrix singularValues, double share) {
            double limit = Math.nextUp(share * singularValues.sumOfSquares());
            return Math.max(1, prefixesBelow(singularValues, limit));
        }

        /** How many prefix sums of the squared singular values are below {@code limit}. */
        private static int prefixesBelow(Matrix singularValues, double limit) {
            double sum = 0;
            for (int i = 0; i < singularValues.cols(); i++) {
                double sigma = singularValues.get(0, i);
                sum += sigma * sigma;
                if (sum >= limit) {
                    return i;
                }
            }
            return singularValues.cols();
        }
    }
}
