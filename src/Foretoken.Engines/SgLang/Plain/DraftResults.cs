using Foretoken.Engines.Vllm.Plain;
using Foretoken.Quantities;

namespace Foretoken.Engines.SgLang.Plain;

/// <summary>
/// How many drafts each request of a batch accepts: by the acceptance rates, each request with its own draws; or, when the
/// length is simulated, one number for the whole batch (SGLang's <c>generate_simulated_accept_index</c>).
/// </summary>
internal sealed class DraftResults(SgLangSpeculation speculation, ulong seed, ulong worker)
{
    private readonly DraftAcceptance _acceptance = new(speculation.AcceptanceRates);
    private RandomStream _batches = new(seed, StreamId.Speculation, ulong.MaxValue - worker);
    private int _ofBatch;

    /// <summary>A batch's result is looked at: draws what it has in common.</summary>
    public void BeginBatch()
    {
        if (speculation.SimulateAccLen is { } length)
        {
            _ofBatch = Math.Clamp(Draw(length), 1, speculation.MostAccepted + 1) - 1;
        }
    }

    /// <summary>Drafts that a request accepts in it, by its own draws.</summary>
    public int Accepted(ref RandomStream draws) =>
        speculation.SimulateAccLen is null ? _acceptance.Sample(speculation.MostAccepted, ref draws) : _ofBatch;

    private int Draw(double length)
    {
        if (speculation.SimulateAccMethod == SgLangSimulatedAcceptance.Multinomial)
        {
            var drawn = length + _batches.NextNormal();
            return (int)Math.Round(Math.Clamp(drawn, 1, speculation.MostAccepted + 1), MidpointRounding.ToEven);
        }

        var lower = (int)Math.Floor(length);
        return lower + (_batches.NextDouble() < length - lower ? 1 : 0);
    }
}
