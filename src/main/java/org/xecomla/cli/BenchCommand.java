package org.xecomla.cli;

import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.xecomla.bench.BenchContestant;
import org.xecomla.bench.BenchShape;
import org.xecomla.bench.SideBySideBench;
import org.xecomla.bench.StepBench;
import org.xecomla.bench.TorchPeer;
import org.xecomla.config.ComputeConfig;
import org.xecomla.errors.ConfigException;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.engine.ComputeKernels;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Measures the training step and the teacher's forward pass, alone or against PyTorch in turns; or decoding. */
@Command(
        name = "bench",
        mixinStandardHelpOptions = true,
        description = "Measures the training step and the forward pass of a shape, also against PyTorch in turns; with"
                + " --decode, how base and student decode with their caches.")
final class BenchCommand extends ConfiguredCommand {
    private static final String PEER = "src/main/scripts/torch_peer.py";

    @Option(
            names = "--shape",
            paramLabel = "SHAPE",
            description = "S, M, L, or d,layers,heads,kv heads,ffn,vocab,T,batch. Default: ${DEFAULT-VALUE}.")
    private String shape = "S";

    @Option(
            names = "--model",
            paramLabel = "KIND",
            description = "mla: a student that learns from sparse targets; gqa: a Llama that learns from text. With"
                    + " --decode: the student's directory. Default: ${DEFAULT-VALUE}.")
    private String model = "mla";

    @Option(names = "--threads", paramLabel = "N", description = "Threads. Default: ${DEFAULT-VALUE}.")
    private int threads = 2;

    @Option(
            names = "--precision",
            paramLabel = "PRECISION",
            description = "Of the matrix products: fp32 or bf16. Default: that of the configuration.")
    private ComputeConfig.Precision precision;

    @Option(
            names = "--recompute",
            paramLabel = "WHAT",
            description = "What a backward computes again: none or blocks. Default: that of the configuration.")
    private ComputeConfig.Recompute recompute;

    @Option(
            names = "--against-recompute",
            description = "Take turns with this engine under compute.recompute = blocks: what that costs and saves.")
    private boolean againstRecompute;

    @Option(names = "--rounds", paramLabel = "N", description = "Turns that all take. Default: ${DEFAULT-VALUE}.")
    private int rounds = 7;

    @Option(names = "--steps", paramLabel = "N", description = "Steps of a turn. Default: ${DEFAULT-VALUE}.")
    private int steps = 3;

    @Option(
            names = "--warm-up",
            paramLabel = "SECONDS",
            description = "Least time before the first turn, for the just-in-time compiler. Default: ${DEFAULT-VALUE}.")
    private int warmUp = 6;

    @Option(
            names = "--against-torch",
            arity = "0..1",
            fallbackValue = "eager,bf16,compile",
            split = ",",
            paramLabel = "VARIANT",
            description = "Take turns with PyTorch: eager, bf16 (autocast), compile. Default: all three.")
    private List<String> variants = List.of();

    @Option(
            names = "--python",
            paramLabel = "FILE",
            description = "Python with PyTorch. Default: the one that src/main/scripts/python-env torch makes.")
    private Path python;

    @Option(
            names = "--clock",
            paramLabel = "CLOCK",
            description = "wall, or cpu: processor time of the process, the better measure of one thread on a busy"
                    + " machine. Default: ${DEFAULT-VALUE}.")
    private BenchContestant.Clock clock = BenchContestant.Clock.WALL;

    @Option(
            names = "--tasks",
            paramLabel = "N",
            description = "Instead, measure N training tasks of one thread each in one JVM against one alone.")
    private int tasks = 1;

    @Option(names = "--profile", description = "Also say how long each tensor operation takes in a training step.")
    private boolean profile;

    @Mixin
    private DecodeOptions decode;

    @Override
    int run(PrintWriter console) {
        if (threads < 1 || rounds < 1 || steps < 1 || tasks < 1) {
            throw new ConfigException("--threads, --tasks, --rounds and --steps are at least 1");
        }
        ComputeConfig compute = config(settings(recompute)).compute();
        if (decode.isEnabled()) {
            try (Kernels kernels = ComputeKernels.of(compute)) {
                decode.run(model, kernels, threads, rounds, console);
            }
        } else if (tasks > 1) {
            SideBySideBench.run(BenchShape.of(shape), kind(), compute, tasks, rounds, steps, console);
        } else {
            measureSteps(compute, console);
        }
        return 0;
    }

    private BenchShape.Model kind() {
        return Arrays.stream(BenchShape.Model.values())
                .filter(kind -> kind.name().equalsIgnoreCase(model))
                .findFirst()
                .orElseThrow(() -> new ConfigException(
                        "--model " + model + " is neither mla nor gqa; a directory goes with --decode"));
    }

    private void measureSteps(ComputeConfig compute, PrintWriter console) {
        StepBench bench = new StepBench(BenchShape.of(shape), kind(), compute, clock, warmUp, console);
        bench.announce();
        Optional<ComputeConfig> blocks = againstRecompute
                ? Optional.of(config(settings(ComputeConfig.Recompute.BLOCKS)).compute())
                : Optional.empty();
        bench.run(blocks, () -> startPeers(bench), rounds, steps);
        if (profile) {
            bench.profile();
        }
    }

    private Map<String, String> settings(ComputeConfig.Recompute recompute) {
        Map<String, String> settings = new HashMap<>();
        settings.put("compute.threads", Integer.toString(threads));
        if (recompute != null) {
            settings.put("compute.recompute", recompute.name().toLowerCase(Locale.ROOT));
        }
        if (precision != null) {
            settings.put("compute.precision", precision.name().toLowerCase(Locale.ROOT));
        }
        return settings;
    }

    private List<TorchPeer> startPeers(StepBench bench) {
        Path home = Path.of(System.getProperty("xecomla.home", "."));
        Path interpreter = python != null ? python : home.resolve("target/python/torch/bin/python");
        if (!variants.isEmpty() && !Files.isExecutable(interpreter)) {
            throw new ConfigException("no Python at " + interpreter + ": src/main/scripts/python-env torch makes one,"
                    + " or name another by --python");
        }
        Path script = home.resolve(PEER);
        if (!variants.isEmpty() && !Files.exists(script)) {
            throw new ConfigException(
                    "no " + script + ": a release does not have it; compare with PyTorch in a checkout");
        }
        List<TorchPeer> peers = new ArrayList<>();
        for (String variant : variants) {
            TorchPeer peer = new TorchPeer(interpreter, script, bench.shape(), bench.model(), threads, variant, clock);
            if (peer.failure() == null) {
                peers.add(peer);
                bench.console().printf("%s: PyTorch %s%n", peer.name(), peer.version());
            } else {
                peer.close();
                bench.console().printf("%s does not run: %s%n", peer.name(), peer.failure());
            }
            bench.console().flush();
        }
        return peers;
    }
}
