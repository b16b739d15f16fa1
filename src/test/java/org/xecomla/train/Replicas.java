package org.xecomla.train;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.xecomla.averaging.ParameterAveraging;
import org.xecomla.averaging.SharedMemoryAveraging;

/** Runs one thread for each replica of a group, as executors would. */
public final class Replicas {
    /** What one replica does with its membership. */
    public interface Work<R> {
        R run(ParameterAveraging averaging) throws Exception;
    }

    /** A replica that hangs ends some time; a table of experiments takes most of an hour. */
    private static final long PATIENCE_HOURS = 2;

    private Replicas() {}

    /** The results in the order of ranks; the first failure is thrown as it is. */
    public static <R> List<R> run(int numReplicas, Work<R> work) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(numReplicas);
        try {
            List<Callable<R>> calls = new ArrayList<>();
            for (ParameterAveraging member : SharedMemoryAveraging.group(numReplicas)) {
                calls.add(() -> {
                    try (member) {
                        return work.run(member);
                    }
                });
            }
            List<R> results = new ArrayList<>();
            for (Future<R> future : threads.invokeAll(calls, PATIENCE_HOURS, TimeUnit.HOURS)) {
                results.add(future.get());
            }
            return results;
        } catch (ExecutionException e) {
            throw e.getCause() instanceof Exception cause ? cause : e;
        } finally {
            threads.shutdownNow();
        }
    }
}
