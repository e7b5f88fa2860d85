from tests.support.service import running_service, settings_of_tests


async def test_journey(tmp_path):
    async with running_service(settings_of_tests(tmp_path)) as running:
        j = running.journey
        try:
            alice = await j.register()
            await j.sign_in(alice)
            d = await j.link(alice)
            (t, t2) = await j.tokens(alice, 2)
            kp = {"key_packages": ["AAAA"], "last_resort": "AQAB"}
            print(await j.as_device(alice, "POST", "/devices/v1/key-packages", kp))
            print(await j.as_device(alice, "GET", "/devices/v1/key-packages"))
            found = await j.look_up(t, lookup_id=alice.lookup_id, key_packages=True)
            print(len(found["devices"]), [x.get("key_package") for x in found["devices"]])
            await j.revoke(alice, d)
            await j.recover(alice, "new")
            await j.sign_in(alice)
            print(await j.as_session(alice, "GET", "/accounts/v1/sessions"))
            await j.as_device(alice, "DELETE", "/accounts/v1/account")
        finally:
            print(running.log.getvalue()[-2000:])
