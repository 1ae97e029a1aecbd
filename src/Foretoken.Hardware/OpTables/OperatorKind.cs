namespace Foretoken.Hardware.OpTables;

/// <summary>The operators that measured tables know.</summary>
public enum OperatorKind
{
    /// <summary>Dense products: time over tokens, for each number format and shape of the weights.</summary>
    Gemm,

    /// <summary>Routed experts: time over the tokens of all ranks.</summary>
    Experts,

    /// <summary>Softmax attention of prompts: time over batch and length.</summary>
    ContextAttention,

    /// <summary>Softmax attention of decoding requests: time over batch and context.</summary>
    GenerationAttention,

    /// <summary>Latent attention of prompts: time over batch and length.</summary>
    LatentContext,

    /// <summary>Latent attention of decoding requests: time over batch and context.</summary>
    LatentGeneration,

    /// <summary>Collectives: time over the bytes of the message.</summary>
    Collective,
}
