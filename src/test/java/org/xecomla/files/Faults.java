package org.xecomla.files;

import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.hadoop.fs.Path;

/**
 * What happens to one operation on files, counted over all file systems below one directory: those of
 * {@link FaultyFiles} and of {@link FaultyFileSystem}. There is one for the whole process, as there is one disk.
 */
public final class Faults {
    /** What is asked of a file system. */
    public enum Operation {
        EXISTS(false),
        STATUS(false),
        LIST(false),
        OPEN(false),
        READ(false),
        CREATE(true),
        WRITE(true),
        CLOSE(true),
        CREATE_NEW(true),
        RENAME(true),
        MAKE_DIRECTORY(true),
        DELETE(true);

        private final boolean changes;

        Operation(boolean changes) {
            this.changes = changes;
        }

        /** Whether files are others afterwards. */
        public boolean changes() {
            return changes;
        }

        private boolean takesRoom() {
            return changes && this != DELETE;
        }
    }

    /** What happens. */
    public enum Kind {
        /** The process ends before the operation. */
        KILL_BEFORE,
        /** The process ends after the operation. */
        KILL_AFTER,
        /** Half of the operation is done: a process ends within it, or a file that is read seems shorter. */
        TEAR,
        DELAY,
        /** All operations from this on are late. */
        SLOW,
        /** One bit is another, and nobody says so. */
        FLIP,
        /** The operation fails, once. */
        EIO,
        /** The disk is full, from now on. */
        ENOSPC;

        /**
         * Whether it can happen to {@code operation} and differs there from the other kinds. A process that ends at an
         * operation that changes nothing leaves what it leaves when it ends after the last one that did.
         */
        public boolean hits(Operation operation) {
            return switch (this) {
                case EIO -> true;
                case KILL_BEFORE, KILL_AFTER, DELAY -> operation.changes;
                case SLOW -> false;
                case TEAR ->
                    List.of(Operation.READ, Operation.WRITE, Operation.CREATE_NEW, Operation.DELETE)
                            .contains(operation);
                case FLIP ->
                    List.of(Operation.READ, Operation.WRITE, Operation.CREATE_NEW)
                            .contains(operation);
                case ENOSPC -> operation.takesRoom();
            };
        }

        private boolean isKill() {
            return this == KILL_BEFORE || this == KILL_AFTER || this == TEAR;
        }
    }

    /**
     * An operation of a stage.
     *
     * @param number which of its sort this is, from 0
     * @param file below the watched directory
     * @param caller the lines of ours that ask for it, the innermost first
     * @param time how often these lines asked for the same of such a file before: the same place in another run, which
     *     may have found some files read already
     */
    public record Place(Operation operation, int number, String file, String caller, int time) {
        boolean isSame(Place other) {
            return operation == other.operation
                    && time == other.time
                    && caller.equals(other.caller)
                    && sort(file).equals(sort(other.file));
        }

        /** Files of a sort differ in what is counted and drawn: steps, shards, the names of temporary files. */
        private static String sort(String file) {
            return COUNTED.matcher(DRAWN.matcher(file).replaceAll("drawn")).replaceAll("N");
        }
    }

    /** The end of a process that is played by a thread: nothing is written any more. */
    public static final class Killed extends Error {
        Killed() {
            super("killed");
        }
    }

    /** An operation on the files below. */
    interface Call<T> {
        T run() throws IOException;
    }

    /** The process's. */
    public static final Faults OF_PROCESS = new Faults();

    private static final int DELAY_MILLIS = 20;
    private static final int SLOW_MILLIS = 2;
    private static final StackWalker STACK = StackWalker.getInstance();
    /** What is drawn for the names of temporary files. */
    public static final Pattern DRAWN = Pattern.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}");

    private static final Pattern COUNTED = Pattern.compile("[0-9]+");
    private final Map<Operation, Integer> counts = new EnumMap<>(Operation.class);
    private final Map<String, Integer> times = new HashMap<>();
    private final List<Place> places = new ArrayList<>();
    private final FaultOrder.Inbox orders = FaultOrder.Inbox.ofProcess();
    private String root; // null: nothing is watched
    private Place wanted; // null: operations are counted only
    private Kind kind;
    private boolean hit;
    private boolean dead;
    private boolean full;

    private Faults() {}

    /** Counts operations on files below {@code directory} from now on. */
    public synchronized void watch(String directory) {
        root = directory;
        wanted = null;
        counts.clear();
        times.clear();
        places.clear();
        hit = false;
        dead = false;
        full = false;
    }

    /** Lets {@code kind} happen at {@code place}, counted from the last {@link #watch}. */
    public synchronized void arm(Place place, Kind fault) {
        wanted = place;
        kind = fault;
    }

    /** All files are sound again, and none are watched. */
    public synchronized void end() {
        root = null;
        dead = false;
        full = false;
    }

    /** Whether the fault has happened. */
    public synchronized boolean hasHit() {
        return hit;
    }

    public synchronized boolean isDead() {
        return dead;
    }

    /** What has been counted. */
    public synchronized List<Place> places() {
        return List.copyOf(places);
    }

    /** Counts an operation; the fault that it meets, or null. */
    private synchronized Kind meet(Operation operation, Path path) throws IOException {
        Kind ordered = orders.meet(operation, path);
        if (ordered != null) {
            return ordered;
        }
        if (root == null || !path.toUri().getPath().startsWith(root)) {
            return null;
        }
        if (dead) {
            throw new Killed();
        }
        if (full && operation.takesRoom()) {
            throw new IOException("No space left on device");
        }
        Place place = place(operation, path.toUri().getPath().substring(root.length()));
        if (wanted == null) {
            places.add(place);
            return null;
        }
        if (hit || !wanted.isSame(place)) {
            return hit && kind == Kind.SLOW ? kind : null;
        }
        hit = true;
        return kind;
    }

    private Place place(Operation operation, String file) {
        int number = counts.merge(operation, 1, Integer::sum) - 1;
        String caller = caller();
        int time = times.merge(operation + Place.sort(file) + caller, 1, Integer::sum) - 1;
        return new Place(operation, number, file, caller, time);
    }

    private static String caller() {
        return STACK.walk(frames -> frames.filter(frame -> frame.getClassName().startsWith("org.xecomla.")
                        && !frame.getClassName().contains(".Fault"))
                .map(frame -> frame.getClassName() + ":" + frame.getLineNumber())
                .collect(Collectors.joining(" ")));
    }

    private synchronized Killed kill() throws IOException {
        if (orders.isOpen()) {
            FaultOrder.killThisProcess();
        }
        dead = true;
        return new Killed();
    }

    /** An operation of which no half can be done and no bit can flip. */
    <T> T pass(Operation operation, Path path, Call<T> call) throws IOException {
        return pass(operation, path, call, call, call);
    }

    /**
     * @param half is done in place of {@code call} where the fault tears
     * @param flipped is done in its place where the fault flips a bit
     */
    <T> T pass(Operation operation, Path path, Call<T> call, Call<T> half, Call<T> flipped) throws IOException {
        Kind fault = meet(operation, path);
        if (fault == null) {
            return call.run();
        }
        switch (fault) {
            case KILL_BEFORE -> throw kill();
            case EIO -> throw new IOException("Input/output error");
            case ENOSPC -> {
                synchronized (this) {
                    full = true;
                }
                throw new IOException("No space left on device");
            }
            case FLIP -> {
                return flipped.run();
            }
            case DELAY, SLOW -> {
                pause(fault == Kind.SLOW ? SLOW_MILLIS : DELAY_MILLIS);
                return call.run();
            }
            default -> {
                T done = fault == Kind.TEAR ? half.run() : call.run();
                if (fault.isKill() && operation.changes) {
                    throw kill();
                }
                return done;
            }
        }
    }

    private static void pause(int millis) {
        try {
            TimeUnit.MILLISECONDS.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** A copy of which one bit in the middle is another. */
    static byte[] flipped(byte[] bytes, int offset, int length) {
        byte[] wrong = bytes.clone();
        if (length > 0) {
            wrong[offset + length / 2] ^= 1;
        }
        return wrong;
    }
}
