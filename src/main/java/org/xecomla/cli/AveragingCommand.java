package org.xecomla.cli;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.xecomla.bench.AveragingBenchmark;
import org.xecomla.bench.BenchShape;
import org.xecomla.config.AveragingConfig;
import org.xecomla.config.AveragingConfig.Precision;
import org.xecomla.config.AveragingConfig.Transport;
import org.xecomla.config.RunConfig;
import org.xecomla.errors.UserException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Measures the averaging of replicas on a cluster. */
@Command(
        name = "averaging",
        mixinStandardHelpOptions = true,
        description = "Measures how long replicas take to average on the cluster that it is submitted"
                + " to: the ring and the way through"
                + " Spark, or, with --shape, what the ring costs a training.")
final class AveragingCommand extends ConfiguredCommand {
    @Option(names = "--parameters", description = "Float parameters to average. Default: ${DEFAULT-VALUE}.")
    private long parameters = 50_000_000;

    @Option(names = "--replicas", description = "Tasks, each in a slot of its own. Default: ${DEFAULT-VALUE}.")
    private int replicas = 2;

    @Option(names = "--rounds", description = "Rounds of each way. Default: 5, with --shape 2.")
    private Integer rounds;

    @Option(
            names = "--ways",
            split = ",",
            description = "ring, driver, and both in bfloat16: bf16, driver-bf16. Default: all.")
    private List<String> ways = List.of("ring", "bf16", "driver", "driver-bf16");

    @Option(
            names = "--shape",
            description = "Train a model of this shape, as of bench --shape, and compare with one"
                    + " replica of as many threads.")
    private String shape;

    @Option(names = "--local-steps", description = "With --shape: steps of a round. Default: ${DEFAULT-VALUE}.")
    private int localSteps = 20;

    @Override
    boolean isOnCluster() {
        return true;
    }

    @Override
    int run(PrintWriter console) {
        Consumer<String> lines = line -> {
            console.println(line);
            console.flush();
        };
        RunConfig config = config();
        if (shape != null) {
            AveragingBenchmark.training(
                    config, BenchShape.of(shape), localSteps, replicas, rounds == null ? 2 : rounds, lines);
            return 0;
        }
        List<AveragingConfig> chosen = new ArrayList<>();
        for (String way : ways) {
            chosen.add(way(config.distill().replicas().averaging(), way));
        }
        AveragingBenchmark.rounds(config, parameters, replicas, rounds == null ? 5 : rounds, chosen, lines);
        return 0;
    }

    private static AveragingConfig way(AveragingConfig configured, String name) {
        return switch (name) {
            case "ring" -> configured.over(Transport.RING, Precision.FP32);
            case "bf16" -> configured.over(Transport.RING, Precision.BF16);
            case "driver" -> configured.over(Transport.DRIVER, Precision.FP32);
            case "driver-bf16" -> configured.over(Transport.DRIVER, Precision.BF16);
            default -> throw new UserException("--ways " + name + ": ring, bf16, driver or driver-bf16");
        };
    }
}
