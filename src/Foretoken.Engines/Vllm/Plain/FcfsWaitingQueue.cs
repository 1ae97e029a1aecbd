using Foretoken.Quantities;

namespace Foretoken.Engines.Vllm.Plain;

/// <summary>First come, first served, with a front: a ring buffer.</summary>
internal sealed class FcfsWaitingQueue : WaitingQueue
{
    private EngineRequest?[] _ring = new EngineRequest?[16];
    private int _head;
    private int _count;

    /// <inheritdoc />
    public override int Count => _count;

    /// <inheritdoc />
    public override EngineRequest Peek()
    {
        Invariant.That(_count > 0);
        return _ring[_head]!;
    }

    /// <inheritdoc />
    public override EngineRequest Pop()
    {
        var request = Peek();
        _ring[_head] = null;
        _head = At(1);
        _count--;
        return request;
    }

    /// <inheritdoc />
    public override void Add(EngineRequest request)
    {
        Grow();
        _ring[At(_count++)] = request;
    }

    /// <inheritdoc />
    public override void PutBack(EngineRequest request)
    {
        Grow();
        _head = At(_ring.Length - 1);
        _ring[_head] = request;
        _count++;
    }

    /// <inheritdoc />
    public override bool Remove(EngineRequest request)
    {
        for (var i = 0; i < _count; i++)
        {
            if (_ring[At(i)] == request)
            {
                for (; i + 1 < _count; i++)
                {
                    _ring[At(i)] = _ring[At(i + 1)];
                }

                _ring[At(--_count)] = null;
                return true;
            }
        }

        return false;
    }

    /// <inheritdoc />
    public override IEnumerable<EngineRequest> InOrder()
    {
        for (var i = 0; i < _count; i++)
        {
            yield return _ring[At(i)]!;
        }
    }

    private int At(int offset) => (_head + offset) & (_ring.Length - 1);

    private void Grow()
    {
        if (_count < _ring.Length)
        {
            return;
        }

        var larger = new EngineRequest?[_ring.Length * 2];
        for (var i = 0; i < _count; i++)
        {
            larger[i] = _ring[At(i)];
        }

        _ring = larger;
        _head = 0;
    }
}
