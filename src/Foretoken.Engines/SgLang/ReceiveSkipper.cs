using Foretoken.Engines.SgLang.Plain;

namespace Foretoken.Engines.SgLang;

/// <summary>
/// When the engine looks for new requests (SGLang's SchedulerRecvSkipper): before a plan, once the batches planned since the
/// last look weigh <c>scheduler_recv_interval</c>. A decode batch weighs 1, any other 1000. An engine without a batch looks at
/// once: its loop turns so fast that no interval matters.
/// </summary>
internal struct ReceiveSkipper(int interval)
{
    private const int OtherWeight = 1000;

    private int _counter;

    /// <summary>Decode batches that will be planned before the plan that looks again.</summary>
    public readonly int DecodesUntilDue => interval - _counter - 1;

    /// <summary>Whether to look before the plan that follows a batch of mode <paramref name="last"/> (null: none).</summary>
    public bool Due(BatchMode? last)
    {
        _counter += last == BatchMode.Decode ? 1 : OtherWeight;
        if (last is not null && _counter < interval)
        {
            return false;
        }

        _counter = 0;
        return true;
    }

    /// <summary>As many plans pass, each after a decode batch.</summary>
    public void PassDecodes(int plans) => _counter = (int)((_counter + (long)plans) % interval);
}
