package org.xecomla.eval.tasks;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.commons.math3.random.MersenneTwister;
import org.xecomla.errors.UserException;

/**
 * Picks the examples that stand before a question, as the harness does: drawn by Python's
 * {@code random.Random(1234).sample}, so that they are the same ones, question after question; or the first of their
 * file.
 */
final class ExampleSampler {
    static final int SEED = 1234;

    private final List<TaskRow> pool;
    private final boolean first;
    private final boolean spare;
    private final MersenneTwister random = new MersenneTwister(new int[] {SEED});

    /**
     * @param pool rows to pick from
     * @param first the first of them, none drawn
     * @param spare draw one more, and leave out the question itself
     */
    ExampleSampler(List<TaskRow> pool, boolean first, boolean spare) {
        this.pool = pool;
        this.first = first;
        this.spare = spare;
    }

    /** @throws UserException where the pool is too small */
    List<TaskRow> pick(int count, TaskRow question) {
        if (count == 0) {
            return List.of();
        }
        if (first) {
            return limited(spare ? without(question, pool) : pool, count);
        }
        List<TaskRow> picked = spare ? without(question, sample(pool, count + 1)) : sample(pool, count);
        // Copies of the question may leave too few.
        return picked.size() < count ? sample(without(question, pool), count) : picked.subList(0, count);
    }

    private static List<TaskRow> without(TaskRow question, List<TaskRow> rows) {
        return rows.stream().filter(row -> !row.sameContent(question)).toList();
    }

    private List<TaskRow> limited(List<TaskRow> rows, int count) {
        require(count, rows.size());
        return rows.subList(0, count);
    }

    private void require(int count, int available) {
        if (count > available) {
            String last = pool.isEmpty()
                    ? ""
                    : " (the last is " + pool.get(pool.size() - 1).where() + ")";
            throw new UserException(count + " examples were asked for and there are only " + available
                    + " to pick from" + last
                    + ": lower eval.num-fewshot, or give the task's examples a file of their own");
        }
    }

    /** CPython's {@code Random.sample}. */
    private List<TaskRow> sample(List<TaskRow> rows, int count) {
        int n = rows.size();
        require(count, n);
        int poolAtMost = 21;
        if (count > 5) {
            poolAtMost += (int) Math.pow(4, Math.ceil(Math.log(count * 3.0) / Math.log(4)));
        }
        List<TaskRow> result = new ArrayList<>();
        if (n <= poolAtMost) {
            List<TaskRow> left = new ArrayList<>(rows);
            for (int i = 0; i < count; i++) {
                int j = below(n - i);
                result.add(left.get(j));
                left.set(j, left.get(n - i - 1));
            }
        } else {
            Set<Integer> taken = new HashSet<>();
            for (int i = 0; i < count; i++) {
                int j = below(n);
                while (!taken.add(j)) {
                    j = below(n);
                }
                result.add(rows.get(j));
            }
        }
        return result;
    }

    /** CPython's {@code Random._randbelow}: bits as many as n needs, until they make a number below it. */
    private int below(int n) {
        int bits = Integer.SIZE - Integer.numberOfLeadingZeros(n);
        int drawn = random.nextInt() >>> (Integer.SIZE - bits);
        while (drawn >= n) {
            drawn = random.nextInt() >>> (Integer.SIZE - bits);
        }
        return drawn;
    }
}
