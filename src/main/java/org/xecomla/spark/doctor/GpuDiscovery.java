package org.xecomla.spark.doctor;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.xecomla.errors.UserException;

/**
 * Asks the discovery script for this machine's GPUs, before Spark does: a worker whose script fails takes its process
 * along.
 */
public final class GpuDiscovery {
    private GpuDiscovery() {}

    /** @throws UserException where {@code script} fails, with the first line that it says */
    public static void requireGpu(String script) {
        String said;
        int code;
        try {
            Process process =
                    new ProcessBuilder(script).redirectErrorStream(true).start();
            said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            code = process.waitFor();
        } catch (IOException e) {
            throw new UserException("cannot run spark.gpu-discovery-script = " + script + ": " + e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while looking for GPUs", e);
        }
        if (code != 0) {
            throw new UserException("spark.gpus-per-executor = 1 and no GPU is here: "
                    + said.lines().findFirst().orElse(script + " ended with " + code));
        }
    }
}
