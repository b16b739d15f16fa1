package org.xecomla.spark.doctor;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.apache.hadoop.fs.Path;
import org.apache.spark.SparkConf;
import org.xecomla.config.RunConfig;
import org.xecomla.errors.UserException;
import org.xecomla.estimate.Estimate;
import org.xecomla.files.DataFiles;

/** Whether what is written finds room: in the run's directory, and where Spark and Java leave things for a while. */
final class SpaceChecks {
    private static final double GIGA = 1e9;

    /** Native libraries, blocks that Spark sends, what it shuffles to find duplicates: a guess, no count. */
    private static final long SCRATCH_BYTES = 1L << 30;

    private SpaceChecks() {}

    static List<Finding> all(RunConfig config) {
        List<Finding> findings = new ArrayList<>();
        findings.add(ofRun(config));
        findings.addAll(ofScratch());
        return findings;
    }

    private static Finding ofRun(RunConfig config) {
        Path directory = DataFiles.path(config.run().dir());
        long need;
        try {
            need = Estimate.of(config, OptionalLong.empty(), OptionalLong.empty())
                    .outputBytes();
        } catch (UserException unknown) {
            return Finding.ok("run.dir space", "not compared: " + StorageChecks.firstLine(unknown));
        }
        return compared("run.dir space", directory, need, "free some there, or set run.dir to another place", true);
    }

    /** Of this process: every one has its own. */
    static List<Finding> ofScratch() {
        String spark = System.getenv().getOrDefault("SPARK_LOCAL_DIRS", new SparkConf().get("spark.local.dir", ""));
        return Stream.concat(Stream.of(System.getProperty("java.io.tmpdir")), Stream.of(spark.split(",")))
                .filter(place -> !place.isBlank())
                .distinct()
                .map(place -> compared(
                        "scratch",
                        DataFiles.path(place.strip()),
                        SCRATCH_BYTES,
                        "free some there, or set -Djava.io.tmpdir and spark.local.dir to another place",
                        false))
                .toList();
    }

    /** @param isCounted whether {@code need} is what will be written, and no guess */
    static Finding compared(String subject, Path directory, long need, String remedy, boolean isCounted) {
        long free;
        try {
            free = DataFiles.free(directory);
        } catch (RuntimeException e) {
            return Finding.fail(subject, StorageChecks.firstLine(e) + ": " + remedy);
        }
        String found = String.format(
                Locale.ROOT,
                "%s has room for %,.1f GB; about %,.1f GB %s",
                DataFiles.display(directory),
                free / GIGA,
                need / GIGA,
                isCounted ? "are written" : "may be needed");
        if (free >= need) {
            return Finding.ok(subject, found);
        }
        return isCounted ? Finding.fail(subject, found + ": " + remedy) : Finding.warn(subject, found + ": " + remedy);
    }
}
