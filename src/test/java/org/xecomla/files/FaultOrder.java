package org.xecomla.files;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Asks a process that runs for a fault: a file that processes look for, each at every operation. The one that comes to
 * the fault first takes the file away, so that it happens once and others see that it has.
 *
 * @param operations that are counted, of each process from when it first sees the order
 * @param number of the operation that meets the fault, from 0
 * @param files what the names of the files must match
 */
public record FaultOrder(Set<Faults.Operation> operations, int number, Faults.Kind kind, String files) {
    /** The property that names the file. */
    public static final String PROPERTY = "faults.order";

    /** Gives the order. */
    public void give(Path file) throws IOException {
        String names = operations.stream().map(Enum::name).collect(Collectors.joining(","));
        Path whole = Files.createTempFile(file.getParent(), "order", null);
        Files.write(whole, List.of(names, Integer.toString(number), kind.name(), files));
        Files.move(whole, file, StandardCopyOption.ATOMIC_MOVE);
    }

    /** Null where there is none. */
    private static FaultOrder read(Path file) throws IOException {
        try {
            String[] lines = Files.readString(file).split("\n");
            Set<Faults.Operation> operations = Arrays.stream(lines[0].split(","))
                    .map(Faults.Operation::valueOf)
                    .collect(Collectors.toSet());
            return new FaultOrder(operations, Integer.parseInt(lines[1]), Faults.Kind.valueOf(lines[2]), lines[3]);
        } catch (NoSuchFileException gone) {
            return null;
        }
    }

    /** Ends this process as {@code kill -9} does, which Java itself cannot do to itself. */
    static void killThisProcess() throws IOException {
        String pid = Long.toString(ProcessHandle.current().pid());
        new ProcessBuilder("kill", "-KILL", pid).inheritIO().start();
        try {
            new CountDownLatch(1).await(); // nothing more is done here
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Where orders for this process come. */
    static final class Inbox {
        private final Path file; // null: none come
        private FaultOrder order; // null: none is there
        private Pattern files;
        private int numSeen;

        private Inbox(Path file) {
            this.file = file;
        }

        static Inbox ofProcess() {
            String name = System.getProperty(PROPERTY);
            return new Inbox(name == null ? null : Path.of(name));
        }

        boolean isOpen() {
            return file != null;
        }

        /** The fault that an operation meets, or null. */
        Faults.Kind meet(Faults.Operation operation, org.apache.hadoop.fs.Path path) throws IOException {
            if (file == null || !look()) {
                return null;
            }
            boolean counts = order.operations.contains(operation)
                    && files.matcher(path.toUri().getPath()).matches();
            boolean mine = counts && numSeen++ == order.number && Files.deleteIfExists(file);
            return mine ? order.kind : null;
        }

        private boolean look() throws IOException {
            if (!Files.exists(file)) {
                order = null;
            } else if (order == null) {
                order = read(file);
                files = order == null ? null : Pattern.compile(order.files);
                numSeen = 0;
            }
            return order != null;
        }
    }
}
