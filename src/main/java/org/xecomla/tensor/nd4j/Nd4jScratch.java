package org.xecomla.tensor.nd4j;

import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.memory.conf.WorkspaceConfiguration;
import org.nd4j.linalg.api.memory.enums.LearningPolicy;
import org.nd4j.linalg.api.memory.enums.SpillPolicy;
import org.nd4j.linalg.factory.Nd4j;

/** The ND4J workspace that the temporaries of one {@link Nd4jKernels} live in: each operation opens and leaves it. */
final class Nd4jScratch implements AutoCloseable {
    private static final WorkspaceConfiguration GROWING = WorkspaceConfiguration.builder()
            .initialSize(0)
            .policyLearning(LearningPolicy.FIRST_LOOP)
            .policySpill(SpillPolicy.REALLOCATE)
            .build();

    private final String id = "kernels-" + Integer.toHexString(System.identityHashCode(this));

    MemoryWorkspace open() {
        return Nd4j.getWorkspaceManager().getAndActivateWorkspace(GROWING, id);
    }

    /** Frees this thread's temporaries. */
    @Override
    public void close() {
        if (Nd4j.getWorkspaceManager().checkIfWorkspaceExists(id)) {
            Nd4j.getWorkspaceManager()
                    .destroyWorkspace(Nd4j.getWorkspaceManager().getWorkspaceForCurrentThread(GROWING, id));
        }
    }
}
