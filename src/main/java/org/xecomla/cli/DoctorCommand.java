package org.xecomla.cli;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import org.xecomla.config.RunConfig;
import org.xecomla.spark.doctor.Doctor;
import org.xecomla.spark.doctor.Finding;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Says what would stop a run here, or on its cluster, and what to do about it. */
@Command(
        name = "doctor",
        mixinStandardHelpOptions = true,
        description = "Checks Java, Spark, native libraries, the BLAS kernels chosen, memory, GPU and files, and with"
                + " --cluster the same on executors and the ports between them. Ends with"
                + " 1 where something would not work.")
final class DoctorCommand extends ConfiguredCommand {
    @Option(names = "--cluster", description = "Ask spark.master for executors, by spark-submit, and look at them too.")
    private boolean cluster;

    @Override
    boolean isOnCluster() {
        return cluster;
    }

    @Override
    int run(PrintWriter console) {
        RunConfig config = config();
        Doctor doctor = new Doctor(config);
        List<Finding> findings = new ArrayList<>(show(doctor.here(), console));
        if (cluster) {
            findings.addAll(show(doctor.onExecutors(), console));
        }
        long failed = count(findings, Finding.Verdict.FAIL);
        console.println(
                failed > 0
                        ? failed + " of " + findings.size() + " checks failed"
                        : "nothing stands in the way; " + count(findings, Finding.Verdict.WARN) + " warnings");
        console.flush();
        return failed > 0 ? 1 : 0;
    }

    private static List<Finding> show(List<Finding> findings, PrintWriter console) {
        findings.forEach(finding -> console.println(finding.line()));
        console.flush();
        return findings;
    }

    private static long count(List<Finding> findings, Finding.Verdict verdict) {
        return findings.stream().filter(finding -> finding.verdict() == verdict).count();
    }
}
