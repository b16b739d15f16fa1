package org.xecomla.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What the system says about the memory of this process; 0 where it is not Linux. */
public final class ProcessMemory {
    /** Java's heap lies below where references fit into 32 bits; libraries and what they allocate lie far above. */
    private static final long ABOVE_HEAP = 1L << 36;

    private ProcessMemory() {}

    /** The largest resident set that this process had, in bytes. */
    static long peakBytes() {
        try {
            return Files.readAllLines(Path.of("/proc/self/status")).stream()
                    .filter(line -> line.startsWith("VmHWM"))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) << 10)
                    .findFirst()
                    .orElse(0);
        } catch (IOException e) {
            return 0; // not Linux
        }
    }

    /** Resident bytes outside Java's heap, at this moment. */
    static long bytesOutsideHeap() {
        long kibibytes = 0;
        boolean outside = false;
        try {
            for (String line : Files.readAllLines(Path.of("/proc/self/smaps"))) {
                int dash = line.indexOf('-');
                int space = line.indexOf(' ');
                if (dash > 0 && dash < space && line.charAt(0) <= 'f') {
                    outside = Long.parseUnsignedLong(line.substring(0, dash), 16) >= ABOVE_HEAP;
                } else if (outside && line.startsWith("Rss:")) {
                    kibibytes += Long.parseLong(line.replaceAll("\\D", ""));
                }
            }
        } catch (IOException e) {
            return 0; // not Linux
        }
        return kibibytes << 10;
    }
}
