package org.xecomla.spark.driver;

import org.slf4j.LoggerFactory;

/**
 * How a process that may have used Spark ends.
 *
 * <p>After a barrier stage the driver's JVM never ends by itself: Spark 3.5 leaves timers behind whose threads are no
 * daemons (SPARK-49479, SPARK-46895), so it has to be ended. In YARN's cluster mode it must not be: there an exit
 * before {@code main} returns marks the application as failed, whatever the code, and failure is told by an exception.
 */
public final class SparkApplication {
    /** A command that ends with an exit code. */
    @FunctionalInterface
    public interface Command {
        int run() throws Exception;
    }

    /** How {@code main} failed in YARN's cluster mode; the message has been shown by then. */
    public static final class Failure extends RuntimeException {
        Failure(int code, Throwable cause) {
            super("the command failed with code " + code, cause);
        }
    }

    private SparkApplication() {}

    /**
     * Runs {@code command} and ends this process with its code, or with 1 if it throws. The last call of {@code main}.
     */
    public static void main(Command command) {
        int code;
        Throwable error = null;
        try {
            code = command.run();
        } catch (Throwable e) { // whatever it is, the process must end
            LoggerFactory.getLogger(SparkApplication.class).error("the command failed", e);
            error = e;
            code = 1;
        }
        if (!isYarnCluster()) {
            System.exit(code);
        }
        if (code != 0) {
            throw new Failure(code, error);
        }
    }

    private static boolean isYarnCluster() {
        return System.getProperty("spark.master", "").equals("yarn")
                && System.getProperty("spark.submit.deployMode", "client").equals("cluster");
    }
}
