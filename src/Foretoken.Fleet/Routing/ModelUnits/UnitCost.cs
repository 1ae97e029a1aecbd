using Foretoken.Hardware.StepTime;

namespace Foretoken.Fleet.Routing.ModelUnits;

/// <summary>
/// What a request costs a replica, in milliseconds of its time: so much per prompt token that it computes, so much per token that
/// it generates, and so much per token that it keeps while generating.
/// </summary>
/// <param name="PerPromptToken">alpha: milliseconds per prompt token computed.</param>
/// <param name="PerOutputToken">beta: milliseconds per token generated, its share of a step among the batch.</param>
/// <param name="PerContextToken">gamma: milliseconds per token generated and token of context.</param>
public readonly record struct UnitCost(double PerPromptToken, double PerOutputToken, double PerContextToken)
{
    /// <summary>A replica's own coefficients without knowledge of its hardware: output four times as dear as input.</summary>
    public static UnitCost Guess { get; } = new(1, 4, 0);

    /// <summary>
    /// The coefficients of a step-time source, found as a benchmark would: a prompt of 2,048 tokens alone, and decode steps of
    /// <paramref name="batch"/> requests at 1,024 and 4,096 tokens of context.
    /// </summary>
    public static UnitCost From(IStepTimeSource source, int batch)
    {
        const int Prompt = 2048;
        const int Short = 1024;
        const int Long = 4096;
        PrefillChunk[] chunk = [new(Prompt, 0, true)];
        var prefill = source.Milliseconds(new StepBatch { Prefills = chunk });
        var near = Decode(source, batch, Short);
        var far = Decode(source, batch, Long);
        var perContext = Math.Max(0, (far - near) / ((double)(Long - Short) * batch));
        return new UnitCost(prefill / Prompt, Math.Max(0, near / batch - perContext * Short), perContext);
    }

    /// <summary>Milliseconds of a request.</summary>
    public double Of(double promptToCompute, double context, double output) =>
        PerPromptToken * promptToCompute + (PerOutputToken + PerContextToken * (context + output / 2)) * output;

    private static double Decode(IStepTimeSource source, int batch, int context)
    {
        var contexts = new int[batch];
        Array.Fill(contexts, context);
        return source.Milliseconds(new StepBatch { DecodeRequests = batch, DecodeContextTokens = (long)batch * context, DecodeContexts = contexts });
    }
}
